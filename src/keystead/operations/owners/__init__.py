"""Verbs about owners: users and applications, their passwords, their groups, and the roles there are."""

from keystead.operations.owners.owners import create_owner, edit_owner, list_owners, read_owner

__all__ = ["create_owner", "edit_owner", "list_owners", "read_owner"]
