"""`keystead token`, `key` and `client`: credentials of each kind, from their making to their end.

What is the same of all kinds is written once: `making`, `reading`, `usage` and `lifecycle` add their
commands for the noun that they are given. What only one kind has stands in that kind's file.
Beside them are `self`, for the credential in use (`own`), `verify` and `summary`.
"""

__all__ = [
    "access",
    "clients",
    "keys",
    "lifecycle",
    "making",
    "nouns",
    "options",
    "own",
    "reading",
    "summary",
    "tokens",
    "usage",
    "verify",
]
