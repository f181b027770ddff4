"""The schema: `tables` as they are now, and the migrations that bring a database there."""

__all__ = ["tables"]
