"""A full check of a ledger, and what it found to be in order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from fedaug.errors import LedgerError
from fedaug.privacy.ledger.costs import Costs
from fedaug.privacy.ledger.database import require_whole
from fedaug.privacy.ledger.inspection import inspect_rows, require_countersigned
from fedaug.privacy.ledger.journal import REMEDY, Books
from fedaug.privacy.ledger.schema import outbox


@dataclass(frozen=True)
class LedgerReport:
    """What a full check of a ledger found to be in order.

    Attributes:
        entries: How many entries the journal has.
        root: Merkle root of them, 32 bytes.
        epsilon: ε, at the cap's δ, of all that is reserved or committed.
        checked: What was checked, in plain words.
        unchecked: What could not be.
    """

    entries: int
    root: bytes
    epsilon: float
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]


def verified(connection: Connection, known: Books, costs: Costs) -> LedgerReport:
    """Check everything that can be checked without the coordinator.

    Args:
        connection: In a transaction that has found the journal's end where the head beside the ledger says.
        known: What the ledger's user has read so far.
        costs: The charges that it works with.

    Raises:
        LedgerError: Something is not as it should be.
    """
    require_whole(connection)
    books = inspect_rows(connection)
    if books.chain != known.chain:
        raise LedgerError("the ledger was changed while it was open", REMEDY)
    sealed = connection.execute(select(func.count()).select_from(outbox)).scalar_one()
    compared = costs.verify(books.plans.values())
    countersigned = require_countersigned(connection)
    begins = f"the first {countersigned} entries are those that the coordinator has countersigned"
    return LedgerReport(
        books.size,
        books.log.root,
        costs.total(books.plans.values()),
        (
            "the database's own structure is whole",
            f"{books.size} entries are well formed, follow from one another, and are chained without a gap",
            "the journal ends where the head beside the ledger says",
            f"{sealed} sealed releases have the bytes that were sealed",
            f"the costs of {compared} plans are those of their mechanisms, worked out anew",
            *((begins,) if countersigned else ()),
        ),
        () if countersigned else ("the coordinator has countersigned nothing yet, so an older copy is not noticed",),
    )
