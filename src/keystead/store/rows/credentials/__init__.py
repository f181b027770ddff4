"""Rows of what was issued: credentials, access tokens, signing keys, and their uses."""

__all__ = [
    "access_tokens",
    "credentials",
    "former",
    "holding",
    "mints",
    "signing_keys",
    "usage",
    "uses",
]
