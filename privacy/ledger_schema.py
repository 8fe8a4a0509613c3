"""The ledger's tables, as the latest migration leaves them; a test compares the two.

Changes come as a new file under ``migrations/versions`` and never edit an old one.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData()

#: One row: whose ledger this is. A cap is never stored; it is policy, and compared at each reservation.
identity: Final = Table(
    "identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lineage", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("adjacency", String, nullable=False),
    CheckConstraint("id = 1", name="one_identity"),
)

#: Plans that were accepted as a whole.
plans: Final = Table(
    "plans",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("plan_digest", String, nullable=False),
)

#: Every planned release of every accepted plan, in the order in which they were reserved. Rows are never deleted.
charges: Final = Table(
    "charges",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("campaign", ForeignKey("plans.campaign"), nullable=False),
    Column("key", String, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", String, nullable=False),
    UniqueConstraint("campaign", "key", name="one_charge_per_release"),
    CheckConstraint("state IN ('reserved', 'committed', 'void')", name="known_state"),
)

#: The bytes that a committed release left with, so that a retry sends the same ones.
outbox: Final = Table(
    "outbox",
    metadata,
    Column("sequence", ForeignKey("charges.sequence"), primary_key=True),
    Column("request_digest", String, nullable=False),
    Column("artefact_digest", String, nullable=False),
    Column("artefact", LargeBinary, nullable=False),
)
