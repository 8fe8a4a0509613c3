"""Batches of texts in the journal: listed when they leave, and charged for nothing."""

from __future__ import annotations

from sqlalchemy import Connection

from fedaug.errors import AlreadyReleased, NotReserved
from fedaug.privacy.ledger.checks import NEW_CAMPAIGN, require_kept, require_newest
from fedaug.privacy.ledger.inspection import append
from fedaug.privacy.ledger.journal import Books
from fedaug.privacy.transparency.entries import Offered


def note_offer(connection: Connection, books: Books, entry: Offered) -> None:
    """Enter a batch in the journal; the same one again does nothing.

    Raises:
        NotReserved: No plan of that campaign was reserved.
        AlreadyReleased: Another batch left under that key, or the ledger was recovered since the plan was reserved.
        LedgerRolledBack: The ledger is an older copy of itself.
    """
    require_newest(connection)
    plan = books.plans.get(entry.campaign)
    if plan is None:
        raise NotReserved("no plan reserved the batch", "put the plan to the site first")
    require_kept(plan)
    known = plan.offers.get(entry.key)
    if (known is not None and known != entry) or entry.key in plan.releases:
        raise AlreadyReleased("something else has left under that key", NEW_CAMPAIGN)
    if known is None:
        append(connection, books, entry)
