"""The journal takes the place of identity, plans and charges, and what those say becomes its first entries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final[str | None] = "0001"

# Written out here rather than imported: a migration does for ever what it did when it was released.
_CHAIN_START: Final = hashlib.sha256(b"fedaug ledger journal 1").digest()


def upgrade() -> None:
    """Create the new tables, carry the old ones' content over, and drop them."""
    op.create_table(
        "state",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("commits", sa.Integer, nullable=False),
        sa.Column("countersigned_size", sa.Integer, nullable=False),
        sa.Column("countersigned_root", sa.LargeBinary),
        sa.Column("rolled_back", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="one_state"),
    )
    op.create_table(
        "journal",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
    )
    op.rename_table("outbox", "old_outbox")
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.Integer, sa.ForeignKey("journal.sequence"), primary_key=True),
        sa.Column("artefact", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "costs",
        sa.Column("sequence", sa.Integer, sa.ForeignKey("journal.sequence"), primary_key=True),
        sa.Column("live", sa.Integer, primary_key=True),
        sa.Column("at_delta", sa.Float, primary_key=True),
        sa.Column("mu", sa.Float, nullable=False),
        sa.Column("delta", sa.Float, nullable=False),
        sa.Column("epsilon", sa.Float, nullable=False),
    )
    op.create_table(
        "asked",
        sa.Column("campaign", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("request", sa.String, nullable=False),
    )
    connection = op.get_bind()
    connection.execute(sa.text("INSERT INTO state VALUES (1, 1, 0, NULL, 0)"))
    chain = _CHAIN_START
    for sequence, (entry, charge) in enumerate(_entries(connection), start=1):
        data = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        chain = hashlib.sha256(chain + hashlib.sha256(b"\x00" + data).digest()).digest()
        row = {"sequence": sequence, "entry": data, "chain": chain, "charge": charge}
        connection.execute(sa.text("INSERT INTO journal VALUES (:sequence, :entry, :chain)"), row)
        if charge is not None:
            moved = "INSERT INTO outbox SELECT :sequence, artefact FROM old_outbox WHERE sequence = :charge"
            connection.execute(sa.text(moved), row)
    for table in ("old_outbox", "charges", "plans", "identity"):
        op.drop_table(table)


def _entries(connection: sa.Connection) -> Iterator[tuple[dict[str, Any], int | None]]:
    """The old tables as journal entries, each with the charge whose sealed bytes belong to it, if any do.

    Plans keep their order. When each release was sealed or voided is not known, so that comes after them.
    """
    for row in connection.execute(sa.text("SELECT lineage, unit, adjacency FROM identity")).all():
        yield {"entry": "opened", **row._mapping}, None
    plans = (
        "SELECT campaign, plan_digest FROM plans JOIN charges USING (campaign) GROUP BY campaign ORDER BY min(sequence)"
    )
    events = sa.text("SELECT event FROM charges WHERE campaign = :campaign ORDER BY sequence")
    for campaign, plan in connection.execute(sa.text(plans)).all():
        texts = connection.execute(events, {"campaign": campaign}).scalars().all()
        yield (
            {"entry": "reserved", "campaign": campaign, "plan": plan, "events": [json.loads(text) for text in texts]},
            None,
        )
    settled = (
        "SELECT charges.sequence, campaign, key, state, request_digest, artefact_digest FROM charges"
        " LEFT JOIN old_outbox USING (sequence) WHERE state != 'reserved' ORDER BY charges.sequence"
    )
    for row in connection.execute(sa.text(settled)).all():
        named = {"campaign": row.campaign, "key": row.key}
        if row.state == "void":
            yield {"entry": "voided", **named}, None
        else:
            digests = {"request": row.request_digest, "artefact": row.artefact_digest}
            yield {"entry": "sealed", **named, **digests}, row.sequence
