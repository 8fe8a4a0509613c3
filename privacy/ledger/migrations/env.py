"""Alembic's entry point: migrates the connection that ``ledger_store`` hands over, within its transaction."""

from __future__ import annotations

from alembic import context

from fedaug.privacy.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
