"""What a ledger's journal says: entries in order, chained by hash, replayed into plans and the state of each release.

Pure: entries in, books out. The same bytes are the leaves of the site's transparency log, so nothing derived from
record bytes is in them: names, mechanism events, and digests of requests and of sealed envelopes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fedaug.errors import LedgerError, ProtocolError
from fedaug.privacy.events import Event
from fedaug.privacy.transparency.entries import (
    Offered,
    Opened,
    Recovered,
    Reserved,
    Sealed,
    SiteEntry,
    Voided,
    read_site_entry,
)
from fedaug.privacy.transparency.merkle import Frontier, leaf_hash

#: Stands before the first entry.
CHAIN_START: Final = hashlib.sha256(b"fedaug ledger journal 1").digest()
#: What helps against damage of a ledger.
REMEDY: Final = "recover the ledger, or count the data set's whole budget as spent"


class ChargeState(StrEnum):
    """Where a charge stands. Void costs nothing; the other two cost the same."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    VOID = "void"


@dataclass(frozen=True)
class LedgerEntry:
    """One planned release and where its charge stands.

    Attributes:
        sequence: Position among all releases that were ever reserved, from 1.
        campaign: Whose plan it is part of.
        plan_digest: Of that plan.
        event: The mechanism that is charged.
        state: Where the charge stands.
    """

    sequence: int
    campaign: str
    plan_digest: str
    event: Event
    state: ChargeState


@dataclass
class PlannedRelease:
    """One release of a plan.

    Attributes:
        entry: What it is and where it stands.
        sealed: What it was sealed with, if it was.
        sealed_at: The journal's entry, from 1, that says so.
    """

    entry: LedgerEntry
    sealed: Sealed | None = None
    sealed_at: int = 0


@dataclass
class Plan:
    """One campaign's plan.

    Attributes:
        sequence: The journal's entry, from 1, that reserved it.
        reserved: That entry.
        releases: Its releases by key, in order.
        offers: Batches of texts that left under it, by key: what is charged for nothing.
        lost: Whether the ledger was recovered since: nobody knows what of it has left, and the sealed bytes are gone.
    """

    sequence: int
    reserved: Reserved
    releases: dict[str, PlannedRelease]
    lost: bool = False
    voided: int = 0
    offers: dict[str, Offered] = field(default_factory=dict)

    @property
    def live(self) -> int:
        """How many of its releases are charged. Only ever falls, so it tells which ones."""
        return len(self.releases) - self.voided

    @property
    def charged(self) -> tuple[Event, ...]:
        """The events that are charged."""
        entries = (release.entry for release in self.releases.values())
        return tuple(entry.event for entry in entries if entry.state is not ChargeState.VOID)


def chained(previous: bytes, entry: bytes) -> bytes:
    """The next hash of the chain, 32 bytes: SHA-256(previous ‖ leaf hash of the entry)."""
    return hashlib.sha256(previous + leaf_hash(entry)).digest()


@dataclass
class Books:
    """A journal, replayed.

    Attributes:
        owner: Whose ledger it is: the first entry.
        plans: By campaign, in the order in which they were reserved.
        chain: Hash of the last entry.
        log: The Merkle log so far.
        charges: How many releases were ever reserved.
    """

    owner: Opened | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    chain: bytes = CHAIN_START
    log: Frontier = field(default_factory=Frontier)
    charges: int = 0

    @property
    def size(self) -> int:
        """How many entries were replayed."""
        return self.log.size

    def extend(self, entries: Iterable[bytes]) -> None:
        """Replay further entries.

        Raises:
            LedgerError: One is malformed, or says what cannot follow those before it. It, and what is after it, is
                not replayed.
        """
        for data in entries:
            try:
                entry = read_site_entry(data)
            except ProtocolError:
                raise LedgerError("the ledger holds an entry that cannot be read", REMEDY) from None
            if not self._follows(entry):
                raise LedgerError("the ledger's entries contradict one another", REMEDY)
            self._apply(entry)
            self.chain = chained(self.chain, data)
            self.log = self.log.append(data)

    def all_entries(self) -> tuple[LedgerEntry, ...]:
        """Every release that was ever reserved, in order."""
        return tuple(release.entry for plan in self.plans.values() for release in plan.releases.values())

    def _follows(self, entry: SiteEntry) -> bool:
        if isinstance(entry, Opened) or self.owner is None:
            return isinstance(entry, Opened) and self.owner is None
        if isinstance(entry, Reserved):
            keys = {event["key"] for event in entry.events}
            return entry.campaign not in self.plans and len(keys) == len(entry.events)
        if isinstance(entry, Recovered):
            return entry.size == self.size
        plan = self.plans.get(entry.campaign)
        if isinstance(entry, Offered):
            return plan is not None and not plan.lost and entry.key not in plan.releases.keys() | plan.offers.keys()
        release = plan.releases.get(entry.key) if plan and not plan.lost else None
        return release is not None and release.entry.state is ChargeState.RESERVED

    def _apply(self, entry: SiteEntry) -> None:
        match entry:
            case Opened():
                self.owner = entry
            case Reserved():
                self._reserve(entry)
            case Sealed():
                release = self.plans[entry.campaign].releases[entry.key]
                release.entry = _moved(release.entry, ChargeState.COMMITTED)
                release.sealed, release.sealed_at = entry, self.size + 1
            case Offered():
                self.plans[entry.campaign].offers[entry.key] = entry
            case Voided():
                plan = self.plans[entry.campaign]
                release = plan.releases[entry.key]
                release.entry = _moved(release.entry, ChargeState.VOID)
                plan.voided += 1
            case Recovered():
                for plan in self.plans.values():
                    plan.lost = True

    def _reserve(self, entry: Reserved) -> None:
        releases = {}
        for event in entry.mechanisms:
            self.charges += 1
            row = LedgerEntry(self.charges, entry.campaign, entry.plan, event, ChargeState.RESERVED)
            releases[event.key] = PlannedRelease(row)
        self.plans[entry.campaign] = Plan(self.size + 1, entry, releases)


def _moved(entry: LedgerEntry, state: ChargeState) -> LedgerEntry:
    return LedgerEntry(entry.sequence, entry.campaign, entry.plan_digest, entry.event, state)
