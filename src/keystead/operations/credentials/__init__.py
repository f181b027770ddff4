"""Credentials: made, imported, listed, changed, rotated, ended; and asked about by an API."""

__all__ = [
    "credentials",
    "importing",
    "issuing",
    "rotation",
    "verification",
]
