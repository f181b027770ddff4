"""Alembic's entry: it migrates over the connection that `store.migrate` hands to it."""

from __future__ import annotations

from alembic import context

from keystead.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
