"""Transparency logs with their signed heads, and the nonces that were seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables for logs and their owner, and the one that remembers nonces."""
    op.create_table(
        "log_entries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("origin", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.UniqueConstraint("origin", "number", name="uq_log_entries_once"),
    )
    op.create_table(
        "log_heads",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("origin", sa.String(100), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.UniqueConstraint("origin", "role", name="uq_log_heads_once"),
    )
    op.create_table("log_owner", sa.Column("coordinator", sa.String(100), primary_key=True))
    op.create_table(
        "nonces",
        sa.Column("site", sa.String(100), primary_key=True),
        sa.Column("nonce", sa.String(128), primary_key=True),
    )
