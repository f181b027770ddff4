"""Who asks: how a credential is recognised, and what is remembered of it."""

__all__ = [
    "caller",
    "freshness",
    "recall",
    "schemes",
    "signed",
]
