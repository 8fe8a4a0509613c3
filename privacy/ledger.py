"""The privacy ledger: what one data set has spent, charged before its records are read.

A release goes reserve -> run -> seal -> leave. ``reserve`` charges a campaign's whole plan in one durable transaction
or refuses it; ``seal`` puts the finished bytes into the outbox and commits the charge in another. Whatever leaves,
leaves from the outbox, so a crash at any point can waste budget but never leaves a release uncharged, and a retry sends
the same bytes.

Not promised: a ledger file that somebody deletes, or replaces by an older copy of itself, is not noticed from the file
alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, Row, insert, select, update

from fedaug.errors import AlreadyReleased, BudgetExceeded, LedgerError, NotReserved, ProtocolError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.ledger_schema import charges, identity, outbox, plans
from fedaug.privacy.ledger_store import open_store, transaction
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import ADJACENCY, Budget, PrivacyUnit

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_NEW_CAMPAIGN: Final = "plan it as a new campaign, which is charged anew"


class ChargeState(StrEnum):
    """Where a charge stands. Void costs nothing; the other two cost the same."""

    RESERVED = "reserved"
    COMMITTED = "committed"
    VOID = "void"


@dataclass(frozen=True)
class LedgerEntry:
    """One planned release and where its charge stands.

    Attributes:
        sequence: Position in the ledger, from 1.
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


class Ledger:
    """One data set's ledger. Several processes may hold it open; their transactions take turns.

    Made by :meth:`open`. Every method may raise :class:`~fedaug.errors.LedgerError` when the file fails or is damaged,
    and :class:`~fedaug.errors.ProtocolError` for a name or digest that is malformed.
    """

    def __init__(self, engine: Engine, cap: Budget) -> None:
        self._engine = engine
        self._cap = cap

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, lineage: str, unit: PrivacyUnit, cap: Budget) -> Ledger:
        """Open a data set's ledger, or begin one where there is none.

        Args:
            path: Of the ledger's file.
            lineage: The data set's random lineage id: edited, split or joined data keeps its ancestors' ledger.
            unit: What the ledger protects.
            cap: What the data set may spend over its whole life. Compared, never stored: it is the site's policy today.

        Raises:
            LedgerError: The file is damaged, not a ledger, or of another data set or unit.
        """
        _check_text(lineage, LIMITS.name_chars)
        owner = {"lineage": lineage, "unit": str(PrivacyUnit(unit)), "adjacency": ADJACENCY}

        def fill(connection: Connection) -> None:
            connection.execute(insert(identity).values(id=1, **owner))

        engine = open_store(Path(path), fill)
        try:
            with transaction(engine, "DEFERRED") as connection:
                found = connection.execute(select(identity)).one_or_none()
            if found is None or {name: getattr(found, name) for name in owner} != owner:
                raise LedgerError("the ledger belongs to another data set or unit", "give the ledger of this data set")
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, cap)

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
        """
        _check_text(campaign, LIMITS.name_chars)
        _check_digest(plan_digest)
        wanted = _checked_events(events)
        with transaction(self._engine, "IMMEDIATE") as connection:
            history = _entries(connection)
            known = tuple(entry for entry in history if entry.campaign == campaign)
            if known:
                if any(entry.plan_digest != plan_digest for entry in known) or _events(known) != wanted:
                    raise AlreadyReleased("the campaign is known with another plan", _NEW_CAMPAIGN)
                return
            self._check_cap(_charged(history), wanted)
            connection.execute(insert(plans).values(campaign=campaign, plan_digest=plan_digest))
            connection.execute(
                insert(charges),
                [
                    {
                        "campaign": campaign,
                        "key": event.key,
                        "event": canonical_json(event.as_dict()).decode(),
                        "state": ChargeState.RESERVED,
                    }
                    for event in wanted
                ],
            )

    def planned(self, campaign: str, key: str) -> Event:
        """The event that was reserved for a release.

        Raises:
            NotReserved: None was, or it was voided.
        """
        with transaction(self._engine, "DEFERRED") as connection:
            entry = _entry(connection, campaign, key)
        if entry.state is ChargeState.VOID:
            raise NotReserved("the release was voided", _NEW_CAMPAIGN)
        return entry.event

    def sealed(self, campaign: str, key: str, request_digest: str) -> bytes | None:
        """The bytes that a release left with; None if it has not been sealed yet.

        Raises:
            AlreadyReleased: It was sealed in answer to another request.
            LedgerError: The bytes are not those that were sealed.
        """
        _check_digest(request_digest)
        with transaction(self._engine, "DEFERRED") as connection:
            found = _sealed(connection, campaign, key)
        if found is None:
            return None
        if found.request_digest != request_digest:
            raise AlreadyReleased("the release has left in answer to another request", _NEW_CAMPAIGN)
        artefact = found.artefact
        if not isinstance(artefact, bytes) or digest(artefact) != found.artefact_digest:
            raise LedgerError("a sealed release is damaged", "restore the ledger from a backup")
        return artefact

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
            AlreadyReleased: Other bytes were sealed for it, or in answer to another request.
        """
        _check_digest(request_digest)
        row = {"request_digest": request_digest, "artefact_digest": digest(artefact)}
        with transaction(self._engine, "IMMEDIATE") as connection:
            entry = _entry(connection, campaign, key)
            if entry.state is ChargeState.VOID:
                raise NotReserved("the release was voided", _NEW_CAMPAIGN)
            found = _sealed(connection, campaign, key)
            if found is not None:
                if (found.request_digest, found.artefact_digest) != tuple(row.values()):
                    raise AlreadyReleased("the release was sealed with other bytes", "send the bytes that were sealed")
                return
            connection.execute(insert(outbox).values(sequence=entry.sequence, artefact=bytes(artefact), **row))
            _set_state(connection, entry, ChargeState.COMMITTED)

    def void(self, campaign: str, key: str) -> None:
        """Give a reserved charge back, for good. Voiding it again does nothing.

        Raises:
            NotReserved: Nothing was reserved for it.
            AlreadyReleased: It was sealed, so it may have left.
        """
        with transaction(self._engine, "IMMEDIATE") as connection:
            entry = _entry(connection, campaign, key)
            if entry.state is ChargeState.COMMITTED:
                raise AlreadyReleased("the release was sealed and may have left", "leave its charge as it is")
            _set_state(connection, entry, ChargeState.VOID)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Everything that was ever reserved, in order."""
        with transaction(self._engine, "DEFERRED") as connection:
            return _entries(connection)

    def spent(self) -> float:
        """ε, at the cap's δ, of all that is reserved or committed."""
        return epsilon(_charged(self.entries()), self._cap.delta)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_cap(self, charged: tuple[Event, ...], wanted: tuple[Event, ...]) -> None:
        cap = self._cap
        total = epsilon((*charged, *wanted), cap.delta)
        if not total <= cap.epsilon:
            spent, asked = epsilon(charged, cap.delta), epsilon(wanted, cap.delta)
            raise BudgetExceeded(
                f"ε {spent:.4g} is spent, the plan alone costs {asked:.4g}, together they cost {total:.4g}, "
                f"and the cap is {cap.epsilon:.4g} (at δ {cap.delta:.3g})",
                "plan with more noise or fewer releases, or have the site raise its cap",
            )


_ROWS: Final = select(
    charges.c.sequence, charges.c.campaign, charges.c.key, charges.c.event, charges.c.state, plans.c.plan_digest
).join(plans)


def _entries(connection: Connection) -> tuple[LedgerEntry, ...]:
    return tuple(_read(row) for row in connection.execute(_ROWS.order_by(charges.c.sequence)))


def _entry(connection: Connection, campaign: str, key: str) -> LedgerEntry:
    _check_text(campaign, LIMITS.name_chars)
    _check_text(key, LIMITS.key_chars)
    row = connection.execute(_ROWS.where(charges.c.campaign == campaign, charges.c.key == key)).one_or_none()
    if row is None:
        raise NotReserved("no plan reserved the release", "put the plan to the site first")
    return _read(row)


def _read(row: Row[*tuple[Any, ...]]) -> LedgerEntry:
    """One row, trusted no more than a stranger's message."""
    try:
        event = event_from_dict(parse_json(row.event.encode()))
        if event.key != row.key or not isinstance(row.campaign, str) or not _DIGEST.fullmatch(row.plan_digest):
            raise ValueError
        return LedgerEntry(int(row.sequence), row.campaign, row.plan_digest, event, ChargeState(row.state))
    except (ProtocolError, ValueError, TypeError, AttributeError, ArithmeticError):
        raise LedgerError("the ledger holds a charge that cannot be read", "restore it from a backup") from None


def _sealed(connection: Connection, campaign: str, key: str) -> Row[*tuple[Any, ...]] | None:
    _check_text(campaign, LIMITS.name_chars)
    _check_text(key, LIMITS.key_chars)
    query = select(outbox).join(charges).where(charges.c.campaign == campaign, charges.c.key == key)
    return connection.execute(query).one_or_none()


def _set_state(connection: Connection, entry: LedgerEntry, state: ChargeState) -> None:
    connection.execute(update(charges).where(charges.c.sequence == entry.sequence).values(state=state))


def _events(entries: Sequence[LedgerEntry]) -> tuple[Event, ...]:
    return tuple(entry.event for entry in entries)


def _charged(entries: Sequence[LedgerEntry]) -> tuple[Event, ...]:
    return _events([entry for entry in entries if entry.state is not ChargeState.VOID])


def _checked_events(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events as they will be read back: what is compared with the cap is what is stored."""
    todo = "send a plan of distinct, well-formed releases"
    if not 0 < len(events) <= LIMITS.plan_events:
        raise ProtocolError("a plan holds no release or too many", todo)
    if not all(isinstance(event, Event) for event in events):
        raise ProtocolError("a plan holds something that is not an event", todo)
    checked = tuple(event_from_dict(parse_json(canonical_json(event.as_dict()))) for event in events)
    for event in checked:
        _check_text(event.key, LIMITS.key_chars)
    if len({event.key for event in checked}) != len(checked):
        raise ProtocolError("a plan uses a key twice", todo)
    return checked


def _check_text(value: str, limit: int) -> None:
    # Printable text holds neither NUL nor a lone surrogate, which a database would cut or choke on.
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise ProtocolError("a name is empty, too long or not printable", "use short plain names")


def _check_digest(value: str) -> None:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ProtocolError("a digest is malformed", "give SHA-256 in hexadecimal")
