"""The clients, and what they do with a call: send it, wait, and try it again; where a token comes from."""

__all__ = ["async_client", "client", "shell", "tokens", "transport", "world"]
