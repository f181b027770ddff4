"""What the clients do with a call: send it, wait, and try it again."""

__all__ = ["shell", "transport"]
