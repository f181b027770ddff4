"""The schema: `tables` as they are now, and the `migrations` that bring a database there, by `revisions`."""

__all__ = ["api_tables", "columns", "migrations", "revisions", "tables", "usage_tables"]
