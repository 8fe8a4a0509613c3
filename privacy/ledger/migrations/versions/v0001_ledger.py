"""The first schema: identity, plans, charges and outbox."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final[str | None] = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lineage", sa.String, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("adjacency", sa.String, nullable=False),
        sa.CheckConstraint("id = 1", name="one_identity"),
    )
    op.create_table(
        "plans",
        sa.Column("campaign", sa.String, primary_key=True),
        sa.Column("plan_digest", sa.String, nullable=False),
    )
    op.create_table(
        "charges",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("campaign", sa.String, sa.ForeignKey("plans.campaign"), nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.UniqueConstraint("campaign", "key", name="one_charge_per_release"),
        sa.CheckConstraint("state IN ('reserved', 'committed', 'void')", name="known_state"),
    )
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.Integer, sa.ForeignKey("charges.sequence"), primary_key=True),
        sa.Column("request_digest", sa.String, nullable=False),
        sa.Column("artefact_digest", sa.String, nullable=False),
        sa.Column("artefact", sa.LargeBinary, nullable=False),
    )
