"""The ledger's schema history (Alembic). Runs when a ledger is opened; there is no command to run by hand."""
