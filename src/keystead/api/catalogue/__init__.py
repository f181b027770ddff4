"""API catalogues by the native API: their wire shapes and handlers."""

__all__ = ["answers", "bodies", "handlers"]
