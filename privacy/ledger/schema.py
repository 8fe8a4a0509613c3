"""The ledger's tables, as the latest migration leaves them; a test compares the two.

Changes come as a new file under ``migrations/versions`` and never edit an old one.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

#: The newest revision under ``migrations/versions``.
REVISION: Final = "0002"

metadata: Final = MetaData()

#: One row: how many transactions there were, and what a coordinator has countersigned.
state: Final = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("commits", Integer, nullable=False),
    Column("countersigned_size", Integer, nullable=False),
    Column("countersigned_root", LargeBinary),
    Column("rolled_back", Integer, nullable=False),
    CheckConstraint("id = 1", name="one_state"),
)

#: Everything that ever happened, in canonical JSON, each row chained to the one before. Rows are never changed.
journal: Final = Table(
    "journal",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
)

#: The bytes that a sealed release left with, so that a retry sends the same ones; by the entry that sealed it.
outbox: Final = Table(
    "outbox",
    metadata,
    Column("sequence", ForeignKey("journal.sequence"), primary_key=True),
    Column("artefact", LargeBinary, nullable=False),
)

#: Which request a release answers, noted before a record is read for it.
asked: Final = Table(
    "asked",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("request", String, nullable=False),
)

#: What plans count as in the filter across campaigns. Worked out from the journal, and kept because it takes long: by
#: the entry that reserved the plan, how many of its releases are charged, and the δ at which it was worked out.
costs: Final = Table(
    "costs",
    metadata,
    Column("sequence", ForeignKey("journal.sequence"), primary_key=True),
    Column("live", Integer, primary_key=True),
    Column("at_delta", Float, primary_key=True),
    Column("mu", Float, nullable=False),
    Column("delta", Float, nullable=False),
    Column("epsilon", Float, nullable=False),
)
