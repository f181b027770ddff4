"""Who asks: how a credential is recognised, and what is remembered of it and of what judges it."""

__all__ = [
    "caller",
    "freshness",
    "limited",
    "recall",
    "schemes",
    "shared",
]
