"""Rows of what was issued: credentials, access tokens, signing keys, and their uses."""

__all__ = [
    "access_tokens",
    "credentials",
    "holding",
    "mints",
    "signing_keys",
    "usage",
]
