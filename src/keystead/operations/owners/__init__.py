"""Verbs about owners: users and applications, their passwords, their groups, and the roles there are."""

__all__ = ["groups", "owners", "passwords", "roles"]
