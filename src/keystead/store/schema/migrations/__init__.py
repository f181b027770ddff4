"""The schema's history, one Alembic revision a file; `store.tables` is where it has arrived."""

__all__: list[str] = []
