"""Credentials: made, imported, listed, changed, rotated, ended; asked about by an API, and counted."""

__all__ = [
    "credentials",
    "importing",
    "issuing",
    "rotation",
    "shown",
    "usage",
    "verification",
]
