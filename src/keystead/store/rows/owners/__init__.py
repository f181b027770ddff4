"""Rows of owners and of groups."""

__all__ = [
    "groups",
    "own",
    "owners",
]
