"""The privacy ledger: what one data set has spent, charged before its records are read.

A release goes reserve -> run -> seal -> leave. ``reserve`` charges a campaign's whole plan in one durable transaction
or refuses it; ``seal`` puts the finished bytes into the outbox and commits the charge in another. Whatever leaves,
leaves from the outbox, so a crash at any point can waste budget but never leaves a release uncharged, and a retry sends
the same bytes.

All of it is one append-only journal, whose entries are also the leaves of the site's transparency log. Truncation and
changed bits are noticed when the ledger is opened. An older copy of the whole ledger, and a deleted one, are noticed
as soon as the coordinator presents a head that it has countersigned (:meth:`Ledger.note_countersigned`).

Not promised: without a coordinator that countersigns, an older copy of all of the ledger's files together is not
noticed, nor is the deletion of all of them.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, insert, select, update

from fedaug.errors import AlreadyReleased, LedgerError, NotReserved
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import Event
from fedaug.privacy.ledger.anchor import Failpoint
from fedaug.privacy.ledger.checks import (
    NEW_CAMPAIGN,
    check_digest,
    check_head,
    check_text,
    checked_events,
    require_kept,
    require_live,
    require_newest,
    require_not_begun,
    rolled_back,
    settle_request,
)
from fedaug.privacy.ledger.costs import Costs
from fedaug.privacy.ledger.inspection import append, artefact_of, entries_after, inspect_rows, leaves
from fedaug.privacy.ledger.journal import Books, ChargeState, LedgerEntry, Plan, PlannedRelease
from fedaug.privacy.ledger.offers import note_offer
from fedaug.privacy.ledger.recovery import first_rows, older_copy, recovered_entries, replace_ledger
from fedaug.privacy.ledger.report import LedgerReport, verified
from fedaug.privacy.ledger.schema import outbox, state
from fedaug.privacy.ledger.store import LedgerStore
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import Offered, Opened, Reserved, Sealed, Voided, encode_entry
from fedaug.privacy.transparency.merkle import merkle_root
from fedaug.privacy.units import ADJACENCY, Budget, PrivacyUnit

__all__ = ["ChargeState", "Ledger", "LedgerEntry", "LedgerReport"]


class Ledger:
    """One data set's ledger. Several processes and threads may hold it open; their transactions take turns.

    Made by :meth:`open`. Every method may raise :class:`~fedaug.errors.LedgerError` when the files fail or are damaged,
    and :class:`~fedaug.errors.ProtocolError` for a name or digest that is malformed.
    """

    def __init__(self, store: LedgerStore, cap: Budget) -> None:
        self._store = store
        self._cap = cap
        self._books = Books()
        self._costs = Costs(cap.delta)
        # A program that forgets to close would leave it to SQLite to fold the log, without the head's digest.
        self._finalizer = weakref.finalize(self, store.close)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        lineage: str,
        unit: PrivacyUnit,
        cap: Budget,
        failpoint: Failpoint = lambda _: None,
    ) -> Ledger:
        """Open a data set's ledger, or begin one where there is none.

        Args:
            path: Of the ledger's file.
            lineage: The data set's random lineage id: edited, split or joined data keeps its ancestors' ledger.
            unit: What the ledger protects.
            cap: What the data set may spend over its whole life. Compared, never stored: it is the site's policy today.
            failpoint: Called with the name of each step of a change; for crash tests.

        Raises:
            LedgerError: A file is damaged, missing, not a ledger's, or of another data set or unit.
        """
        check_text(lineage, LIMITS.name_chars)
        owner = _owner(lineage, unit)
        store = LedgerStore(Path(path), failpoint)
        store.open(first_rows([encode_entry(owner)]), inspect_rows)
        ledger = cls(store, cap)
        try:
            with ledger._reading():
                found = ledger._books.owner
            if found != owner:
                raise LedgerError("the ledger belongs to another data set or unit", "give the ledger of this data set")
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def recover(
        cls,
        path: str | os.PathLike[str],
        *,
        lineage: str,
        unit: PrivacyUnit,
        cap: Budget,
        entries: Sequence[bytes],
        failpoint: Failpoint = lambda _: None,
    ) -> Ledger:
        """Rebuild a lost, damaged or rolled-back ledger from entries that the coordinator has kept.

        What the entries reserve stays charged for good, unless they void it, and is not released again: it may have
        left after they were listed. If the old files can still be read, what only they know of is charged on top.
        They are moved aside, never deleted.

        Args:
            path: Of the ledger's file.
            lineage: As for :meth:`open`.
            unit: As for :meth:`open`.
            cap: As for :meth:`open`.
            entries: The journal's entries from the first on, which the caller has authenticated.
            failpoint: As for :meth:`open`.

        Raises:
            LedgerError: The entries are no journal, are another data set's, or the ledger is whole and in use.
        """
        check_text(lineage, LIMITS.name_chars)
        books = Books()
        books.extend(entries)
        if books.owner != _owner(lineage, unit):
            raise LedgerError("the entries belong to another data set or unit", "get the list of this data set")
        reopen = partial(cls.open, lineage=lineage, unit=unit, cap=cap)
        replace_ledger(Path(path), recovered_entries(entries, older_copy(reopen, Path(path))), failpoint)
        return reopen(path)

    def reserve(self, campaign: str, plan_digest: str, events: Sequence[Event]) -> None:
        """Charge a whole plan, or nothing. Repeating it for the same plan does nothing.

        Args:
            campaign: Names the campaign.
            plan_digest: SHA-256 of the plan, hexadecimal.
            events: Every release of the plan, in order; keys are unique.

        Raises:
            BudgetExceeded: Together with all that was ever reserved and not voided it would cost more than the cap.
            AlreadyReleased: The campaign is known with another plan.
            ProtocolError: The events are none, too many, malformed or share a key.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        check_text(campaign, LIMITS.name_chars)
        check_digest(plan_digest)
        wanted = checked_events(events)
        with self._reading() as connection:
            require_newest(connection)
            others = None if campaign in self._books.plans else tuple(self._books.plans.values())
        if others is not None:
            self._costs.prepare(others, wanted)  # may take seconds, so before the transaction keeps others waiting
        with self._writing() as connection:
            require_newest(connection)
            known = self._books.plans.get(campaign)
            if known is not None:
                if known.reserved.plan != plan_digest or known.reserved.mechanisms != wanted:
                    raise AlreadyReleased("the campaign is known with another plan", NEW_CAMPAIGN)
                return
            self._costs.require_covered(self._books.plans.values(), wanted, self._cap)
            values = [event.as_dict() for event in wanted]
            sequence = append(connection, self._books, Reserved(campaign=campaign, plan=plan_digest, events=values))
            self._costs.store(connection, sequence, wanted)

    def planned(self, campaign: str, key: str) -> Event:
        """The event that was reserved for a release.

        Raises:
            NotReserved: None was, or it was voided.
            AlreadyReleased: The ledger was recovered since, so nobody knows whether the release has left.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        with self._reading() as connection:
            require_newest(connection)
            plan, release = self._find(campaign, key)
        require_live(release)
        if release.sealed is None:
            require_kept(plan)
        return release.entry.event

    def sealed(self, campaign: str, key: str, request_digest: str) -> bytes | None:
        """The bytes that a release left with; None if it has not been sealed yet.

        Raises:
            AlreadyReleased: It was sealed in answer to another request, or its bytes were lost with an older ledger.
            LedgerError: The bytes are not those that were sealed.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        check_digest(request_digest)
        with self._reading() as connection:
            require_newest(connection)
            try:
                plan, release = self._find(campaign, key)
            except NotReserved:
                return None
            if release.sealed is None:
                return None
            if release.sealed.request != request_digest:
                raise AlreadyReleased("the release has left in answer to another request", NEW_CAMPAIGN)
            require_kept(plan)
            return artefact_of(connection, release)

    def ask(self, campaign: str, key: str, request_digest: str) -> None:
        """Settle which request a release answers, before a record is read for it. Asking the same again does nothing.

        Were it settled only when the release is sealed, one that fails could be asked for again by another request, and
        failing would tell of the records, as often as somebody likes and uncharged.

        Raises:
            AlreadyReleased: It was asked for by another request.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        check_digest(request_digest)
        with self._writing() as connection:
            require_newest(connection)
            self._find(campaign, key)
            settle_request(connection, campaign, key, request_digest)

    def seal(self, campaign: str, key: str, request_digest: str, artefact: bytes) -> None:
        """Commit a reserved charge and keep the bytes that will leave, in one transaction.

        Sealing the same bytes for the same request again does nothing.

        Args:
            campaign: Names the campaign.
            key: Names the release.
            request_digest: SHA-256 of the request that it answers, hexadecimal.
            artefact: What will leave.

        Raises:
            NotReserved: Nothing was reserved for it, or it was voided.
            AlreadyReleased: Other bytes were sealed for it, or in answer to another request; or the ledger was
                recovered since it was reserved.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        check_digest(request_digest)
        check_text(campaign, LIMITS.name_chars)
        check_text(key, LIMITS.key_chars)
        entry = Sealed(campaign=campaign, key=key, request=request_digest, artefact=digest(artefact))
        with self._writing() as connection:
            require_newest(connection)
            plan, release = self._find(campaign, key)
            require_live(release)
            require_kept(plan)
            if release.sealed is not None:
                if release.sealed != entry:
                    raise AlreadyReleased("the release was sealed with other bytes", "send the bytes that were sealed")
                return
            sequence = append(connection, self._books, entry)
            connection.execute(insert(outbox).values(sequence=sequence, artefact=bytes(artefact)))

    def offer(self, entry: Offered) -> None:
        """List a batch of texts before it leaves: see :func:`~fedaug.privacy.ledger.offers.note_offer`."""
        with self._writing() as connection:
            note_offer(connection, self._books, entry)

    def void(self, campaign: str, key: str) -> None:
        """Give a reserved charge back, for good. Voiding it again does nothing.

        Once something of its plan was asked for, the plan is charged whole: a refund that depends on what came out is
        no composition of mechanisms that were fixed beforehand.

        Raises:
            NotReserved: Nothing was reserved for it.
            AlreadyReleased: Something of the plan was asked for or sealed, or the ledger was recovered since.
            LedgerRolledBack: The ledger is an older copy of itself.
        """
        with self._writing() as connection:
            require_newest(connection)
            plan, release = self._find(campaign, key)
            if release.entry.state is ChargeState.VOID:
                return
            require_kept(plan)
            require_not_begun(connection, plan)
            append(connection, self._books, Voided(campaign=campaign, key=key))

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Everything that was ever reserved, in order."""
        with self._reading():
            return self._books.all_entries()

    def spent(self) -> float:
        """ε, at the cap's δ, of all that is reserved or committed."""
        with self._reading():
            return self._costs.total(self._books.plans.values())

    def journal(self, start: int = 0) -> tuple[bytes, ...]:
        """The journal's entries, canonical JSON each, from one index on; they are the leaves of the site's log."""
        with self._reading() as connection:
            return leaves(connection, start)

    def head(self) -> tuple[int, bytes]:
        """How many entries the journal has, and their Merkle root (RFC 6962), 32 bytes."""
        with self._reading():
            return self._books.size, self._books.log.root

    def countersigned(self) -> tuple[int, bytes] | None:
        """The newest head that the coordinator has countersigned, as far as is known here; None if none was."""
        with self._reading() as connection:
            row = connection.execute(select(state)).one()
        return (row.countersigned_size, row.countersigned_root) if row.countersigned_size else None

    def is_older_copy(self) -> bool:
        """Whether the coordinator has countersigned what this ledger does not contain."""
        with self._reading() as connection:
            return rolled_back(connection)

    def note_countersigned(self, size: int, root: bytes) -> None:
        """Take note of a head of this ledger that the coordinator has countersigned.

        Args:
            size: How many entries the journal had.
            root: Merkle root over them, 32 bytes. The caller has checked the signature.

        Raises:
            LedgerRolledBack: The journal does not begin with those entries. From now on the ledger releases nothing.
            ProtocolError: The head is malformed.
        """
        check_head(size, root)
        with self._writing() as connection:
            if size > self._books.size or merkle_root(leaves(connection)[:size]) != root:
                connection.execute(update(state).values(rolled_back=1))
            elif size > connection.execute(select(state.c.countersigned_size)).scalar_one():
                connection.execute(update(state).values(countersigned_size=size, countersigned_root=root))
        with self._reading() as connection:
            require_newest(connection)

    def verify(self) -> LedgerReport:
        """Check everything that can be checked without the coordinator.

        Raises:
            LedgerError: Something is not as it should be.
        """
        with self._reading() as connection:
            require_newest(connection)
            return verified(connection, self._books, self._costs)

    def close(self) -> None:
        """Let go of the files. The last user folds them into one."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._store.read() as connection:
            self._catch_up(connection)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._store.write() as connection:
            self._catch_up(connection)
            yield connection

    def _catch_up(self, connection: Connection) -> None:
        """Read what was committed since the last time, by whomever."""
        known = self._books.size
        rows = entries_after(connection, self._books)
        self._books.extend(rows)
        if rows:
            self._costs.load(connection, known)

    def _find(self, campaign: str, key: str) -> tuple[Plan, PlannedRelease]:
        check_text(campaign, LIMITS.name_chars)
        check_text(key, LIMITS.key_chars)
        plan = self._books.plans.get(campaign)
        release = plan.releases.get(key) if plan else None
        if plan is None or release is None:
            raise NotReserved("no plan reserved the release", "put the plan to the site first")
        return plan, release


def _owner(lineage: str, unit: PrivacyUnit) -> Opened:
    return Opened(lineage=lineage, unit=PrivacyUnit(unit).value, adjacency=ADJACENCY)
