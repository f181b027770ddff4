"""Rows and statements, a file or a room a noun, for any engine; a `statement.Runner` runs them.

`lists` finds the rows of a page in a long table.
"""

__all__ = [
    "apis",
    "audit",
    "credentials",
    "entries",
    "generation",
    "idempotency",
    "keyring",
    "lists",
    "owners",
    "paging",
    "sealed",
    "settings",
    "statement",
    "tx",
    "vault",
]
