"""The checker's replay of a journal and the ledger's own are two programs; they accept the same journals."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from tests.log_samples import encoded, events, site_entries

from fedaug.errors import LedgerError
from fedaug.privacy.ledger.journal import Books
from fedaug.privacy.transparency.entries import Offered, Recovered, Reserved, Sealed, SiteEntry, Voided
from fedaug.privacy.transparency.replay import replay

OPENED = site_entries("north")[0]
RESERVED = Reserved(campaign="autumn", plan="ab" * 32, events=events(2))
SEALED = Sealed(campaign="autumn", key="votes/0", request="ab" * 32, artefact="cd" * 32)
VOIDED = Voided(campaign="autumn", key="votes/0")
OFFERED = Offered(campaign="autumn", key="samples", request="ab" * 32, artefact="cd" * 32, texts=3, outside_dp=False)
OTHER = Voided(campaign="autumn", key="votes/1")
CLASHING = OFFERED.model_copy(update={"key": "votes/1"})  # the name of a release
MOST = 4


def journals() -> Iterator[list[SiteEntry]]:
    """Every journal of up to so many entries of nine kinds, with and without an opening."""
    recoveries = [Recovered(size=size) for size in (2, 3)]
    kinds: list[SiteEntry] = [OPENED, RESERVED, SEALED, VOIDED, OTHER, OFFERED, CLASHING, *recoveries]
    for length in range(MOST + 1):
        for chosen in itertools.product(kinds, repeat=length):
            yield [OPENED, *chosen]
            if 0 < length < MOST:
                yield list(chosen)


def test_the_checker_and_the_ledger_accept_the_same_journals() -> None:
    outcomes = Counter[bool]()
    for entries in journals():
        books, journal = Books(), replay(entries)
        try:
            books.extend(encoded(entries))
        except LedgerError:
            outcomes[False] += 1
            assert journal.faults, entries
            continue
        outcomes[True] += 1
        assert journal.faults == []
        charged = {campaign: plan.charged for campaign, plan in books.plans.items()}
        assert {campaign: journal.charged(campaign) for campaign in journal.plans} == charged
    assert outcomes[True] >= 20
    assert outcomes[False] >= 2_000
