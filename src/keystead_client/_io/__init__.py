"""The clients, and what they do with a call: send it, wait, and try it again."""

__all__ = ["async_client", "client", "shell", "transport"]
