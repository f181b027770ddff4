"""What an API offers, and how a wish for one is judged."""

__all__ = [
    "catalogue",
    "wish",
]
