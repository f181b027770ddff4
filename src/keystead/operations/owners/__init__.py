"""Verbs about owners: users and applications, their ranks, passwords and groups, and the roles there are."""

__all__ = ["groups", "owners", "passwords", "ranks", "roles"]
