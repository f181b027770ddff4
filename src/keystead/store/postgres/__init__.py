"""PostgreSQL 14 and later: one database for many nodes, each with a chain of its own.

`serving` has the connections of a process that serves; `aside` is one for everything else.
"""

__all__ = [
    "address",
    "aside",
    "chains",
    "doctor",
    "engine",
    "loop",
    "migrate",
    "serving",
    "words",
]
