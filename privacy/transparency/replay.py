"""A site's journal replayed for a checker: what was reserved, sealed and voided, and every place that breaks a rule.

Kept apart from the ledger's own replay (:mod:`fedaug.privacy.ledger.journal`), which stops at the first fault and is
part of what is being checked; a test holds that the two accept the same journals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fedaug.privacy.events import Event
from fedaug.privacy.transparency.entries import Offered, Opened, Recovered, Reserved, Sealed, SiteEntry, Voided

#: A release: its campaign, and its key within it.
Release = tuple[str, str]


@dataclass
class Journal:
    """What a site's entries add up to. Made by :func:`replay`.

    Attributes:
        plans: Campaign -> the entry that reserved it.
        events: Every reserved release -> its event.
        sealed: Release -> the entry that sealed it.
        offered: Batches of texts that left, charged for nothing.
        voided: Releases that were given back.
        lost: Campaigns from before the ledger was recovered: still charged, and nothing more may come of them.
        faults: Where the entries break a rule, in plain words.
    """

    plans: dict[str, Reserved] = field(default_factory=dict)
    events: dict[Release, Event] = field(default_factory=dict)
    sealed: dict[Release, Sealed] = field(default_factory=dict)
    offered: dict[Release, Offered] = field(default_factory=dict)
    voided: set[Release] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def charged(self, campaign: str) -> tuple[Event, ...]:
        """The events of a campaign that cost something: all but the voided ones."""
        return tuple(
            event for release, event in self.events.items() if release[0] == campaign and release not in self.voided
        )

    @property
    def forgotten(self) -> set[Release]:
        """Releases that may have been sealed in entries that a recovery could not bring back."""
        open_ones = self.events.keys() - self.sealed.keys() - self.voided
        return {release for release in open_ones if release[0] in self.lost}


def replay(entries: Iterable[SiteEntry]) -> Journal:
    """Go through a journal and note what breaks a rule.

    A journal begins by saying whose it is, once. A campaign is reserved once, with distinct releases; a release is
    reserved before anything else happens to it, and then sealed once or voided once, never both; and neither once the
    ledger was recovered since. A batch of texts is offered once, under a reserved plan, by a key of its own.
    """
    journal = Journal()
    number = 0
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, Opened) != (number == 1):
            journal.faults.append(f"entry {number} opens the journal again, or the first one does not open it")
        if isinstance(entry, Recovered) and entry.size != number - 1:
            journal.faults.append(f"entry {number} recovers another number of entries than stand before it")
        journal.faults += [f"entry {number} {fault}" for fault in _taken(journal, entry)]
    if number == 0:
        journal.faults.append("the journal is empty")
    return journal


def _taken(journal: Journal, entry: SiteEntry) -> list[str]:
    if isinstance(entry, Reserved):
        return _reserved(journal, entry)
    if isinstance(entry, Sealed | Voided):
        return _settled(journal, entry)
    if isinstance(entry, Offered):
        return _offered(journal, entry)
    if isinstance(entry, Recovered):
        journal.lost.update(journal.plans)
    return []


def _reserved(journal: Journal, entry: Reserved) -> list[str]:
    if entry.campaign in journal.plans:
        return [f"reserves campaign {entry.campaign!r} a second time"]
    journal.plans[entry.campaign] = entry
    events = {(entry.campaign, event.key): event for event in entry.mechanisms}
    journal.events.update(events)
    return [] if len(events) == len(entry.events) else ["reserves one release twice"]


def _offered(journal: Journal, entry: Offered) -> list[str]:
    release = (entry.campaign, entry.key)
    if entry.campaign not in journal.plans:
        return [f"offers {named(release)}, whose plan was not reserved before"]
    if release in journal.events or release in journal.offered:
        return [f"offers {named(release)}, which is a release or was offered before"]
    if entry.campaign in journal.lost:
        return [f"offers {named(release)}, whose plan was reserved before the ledger was recovered"]
    journal.offered[release] = entry
    return []


def _settled(journal: Journal, entry: Sealed | Voided) -> list[str]:
    release, done = (entry.campaign, entry.key), "seals" if isinstance(entry, Sealed) else "voids"
    if release not in journal.events:
        return [f"{done} {named(release)}, which was not reserved before"]
    if release in journal.sealed or release in journal.voided:
        state = "sealed" if release in journal.sealed else "voided"
        return [f"{done} {named(release)}, which was {state} before"]
    if entry.campaign in journal.lost:
        return [f"{done} {named(release)}, which was reserved before the ledger was recovered"]
    if isinstance(entry, Sealed):
        journal.sealed[release] = entry
    else:
        journal.voided.add(release)
    return []


def named(release: Release) -> str:
    """A release in a sentence."""
    campaign, key = release
    return f"{key!r} of campaign {campaign!r}"
