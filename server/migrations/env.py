"""What Alembic runs: brings the database behind the connection it is handed to the asked-for schema."""

from __future__ import annotations

from alembic import context

from fedaug.server.pool_schema import VERSION_TABLE, Base

# The connection comes from fedaug.server.database, its transaction open: no URL is ever written to a file.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
