"""`keystead audit`: entries and chains through a server, or of a data directory."""

__all__ = ["commands", "export", "filters", "verify"]
