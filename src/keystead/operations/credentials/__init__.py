"""Credentials: made, listed, changed, rotated, ended; and asked about by an API."""

__all__ = [
    "credentials",
    "issuing",
    "rotation",
    "verification",
]
