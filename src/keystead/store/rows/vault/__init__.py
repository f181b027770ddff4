"""Rows of folders, of accounts and of their versions."""

__all__ = [
    "accounts",
    "folders",
]
