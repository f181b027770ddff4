"""What is done: the shape of an operation, its preparation, its one transaction."""

__all__ = [
    "act",
    "first_use",
    "once",
    "operation",
    "preparation",
]
