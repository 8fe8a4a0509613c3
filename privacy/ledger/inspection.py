"""A ledger's rows: appended one by one, and when they are read trusted no more than a stranger's message."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from fedaug.errors import LedgerError, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.ledger.journal import REMEDY, Books, PlannedRelease, chained
from fedaug.privacy.ledger.schema import journal, outbox, state
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import SiteEntry, encode_entry
from fedaug.privacy.transparency.merkle import merkle_root


def entries_after(connection: Connection, books: Books) -> list[bytes]:
    """The entries that follow those in the books.

    Raises:
        LedgerError: One is missing, changed, or not chained to the one before.
    """
    chain, entries = books.chain, []
    rows = connection.execute(select(journal).where(journal.c.sequence > books.size).order_by(journal.c.sequence))
    for sequence, row in enumerate(rows, start=books.size + 1):
        if not isinstance(row.entry, bytes) or row.sequence != sequence:
            raise LedgerError("the ledger's journal has a gap", REMEDY)
        chain = chained(chain, row.entry)
        if chain != row.chain:
            raise LedgerError("an entry of the ledger's journal was changed", REMEDY)
        entries.append(row.entry)
    return entries


def append(connection: Connection, books: Books, entry: SiteEntry) -> int:
    """Append an entry to the journal that the books have replayed; returns its number, from 1.

    Raises:
        ProtocolError: It is too large.
    """
    data, sequence = encode_entry(entry), books.size + 1
    if len(data) > LIMITS.log_entry_bytes:
        raise ProtocolError("a plan is too large for the ledger", "split it into several campaigns")
    row = {"sequence": sequence, "entry": data, "chain": chained(books.chain, data)}
    connection.execute(insert(journal).values(row))
    return sequence


def inspect_rows(connection: Connection) -> Books:
    """Read everything, from the first entry on, and check that it is whole and hangs together.

    Raises:
        LedgerError: It does not.
    """
    books = Books()
    books.extend(entries_after(connection, books))
    sealed = [release for plan in books.plans.values() for release in plan.releases.values() if release.sealed]
    lost = {release.sealed_at for plan in books.plans.values() if plan.lost for release in plan.releases.values()}
    kept = set(connection.execute(select(outbox.c.sequence)).scalars())
    if not kept <= {release.sealed_at for release in sealed}:
        raise LedgerError("the ledger keeps a release that its journal does not know", REMEDY)
    for release in sealed:
        if release.sealed_at not in lost:
            artefact_of(connection, release)
    require_countersigned(connection)
    return books


def artefact_of(connection: Connection, release: PlannedRelease) -> bytes:
    """The bytes that a release was sealed with.

    Raises:
        LedgerError: They are missing, or other ones.
    """
    query = select(outbox.c.artefact).where(outbox.c.sequence == release.sealed_at)
    artefact = connection.execute(query).scalar_one_or_none()
    if release.sealed is None or not isinstance(artefact, bytes) or digest(artefact) != release.sealed.artefact:
        raise LedgerError("a sealed release is damaged", REMEDY)
    return artefact


def leaves(connection: Connection, start: int = 0) -> tuple[bytes, ...]:
    """The journal's entries from one index on."""
    query = select(journal.c.entry).where(journal.c.sequence > start).order_by(journal.c.sequence)
    return tuple(connection.execute(query).scalars())


def require_countersigned(connection: Connection) -> int:
    """How many entries the coordinator has countersigned, after checking that the journal begins with them.

    Raises:
        LedgerError: It does not.
    """
    row = connection.execute(select(state)).one()
    size = row.countersigned_size
    if type(size) is not int or size < 0 or row.rolled_back not in (0, 1):
        raise LedgerError("the ledger's note of what was countersigned cannot be read", REMEDY)
    if size and merkle_root(leaves(connection)[:size]) != row.countersigned_root:
        raise LedgerError("the ledger's journal is not the one that the coordinator has countersigned", REMEDY)
    return size
