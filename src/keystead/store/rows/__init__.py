"""Rows and statements, a file or a room a noun, for any engine; a `statement.Runner` runs them.

`lists` finds the rows of a page in a long table.
"""

__all__ = [
    "answers",
    "apis",
    "audit",
    "entries",
    "generation",
    "issued",
    "lists",
    "owners",
    "paging",
    "settings",
    "statement",
    "tx",
    "vault",
]
