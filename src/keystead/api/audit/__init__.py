"""The audit by HTTP."""

__all__ = [
    "answers",
    "handlers",
]
