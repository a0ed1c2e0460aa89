"""Alembic's entry: runs the migrations on the connection that db.migrate hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=context.config.attributes["metadata"])

with context.begin_transaction():
    context.run_migrations()
