"""Owners by the native API: users and applications, their groups, and the roles there are."""

__all__ = ["bodies", "groups", "handlers", "roles"]
