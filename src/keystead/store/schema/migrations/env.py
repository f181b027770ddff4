"""Alembic's entry: it migrates over the connection that is handed to it, or writes PostgreSQL's script."""

from __future__ import annotations

from alembic import context

from keystead.store.schema import tables

if context.is_offline_mode():
    # The script is run within a transaction that is open already.
    context.configure(
        dialect_name="postgresql",
        target_metadata=tables.metadata,
        literal_binds=True,
        transactional_ddl=False,
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=tables.metadata,
        transactional_ddl=True,
    )
with context.begin_transaction():
    context.run_migrations()
