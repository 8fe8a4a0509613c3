"""What the ledger asks of its callers' arguments, and of a release before it goes on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, insert, select

from fedaug.errors import AlreadyReleased, LedgerRolledBack, NotReserved, ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.ledger.journal import ChargeState, Plan, PlannedRelease
from fedaug.privacy.ledger.schema import asked, state
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.merkle import HASH_BYTES

#: What to do when a release cannot be had again.
NEW_CAMPAIGN: Final = "plan it as a new campaign, which is charged anew"

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def rolled_back(connection: Connection) -> bool:
    """Whether the coordinator has countersigned what this ledger does not contain."""
    return bool(connection.execute(select(state.c.rolled_back)).scalar_one() != 0)


def require_newest(connection: Connection) -> None:
    """Refuse to go on with an older copy of the ledger.

    Raises:
        LedgerRolledBack: It is one.
    """
    if rolled_back(connection):
        raise LedgerRolledBack(
            "the ledger is not the one that the coordinator has countersigned", "recover it from the coordinator's list"
        )


def require_live(release: PlannedRelease) -> None:
    """Refuse a release that was given back.

    Raises:
        NotReserved: It was voided.
    """
    if release.entry.state is ChargeState.VOID:
        raise NotReserved("the release was voided", NEW_CAMPAIGN)


def require_kept(plan: Plan) -> None:
    """Refuse a plan of which nobody knows what has left.

    Raises:
        AlreadyReleased: The ledger was recovered after it was reserved.
    """
    if plan.lost:
        raise AlreadyReleased(
            "the release may have left before the ledger was recovered, and its bytes are lost", NEW_CAMPAIGN
        )


def require_not_begun(connection: Connection, plan: Plan) -> None:
    """Refuse to give something back of a plan that has begun.

    Raises:
        AlreadyReleased: A release of it was asked for or sealed.
    """
    requests = select(asked.c.key).where(asked.c.campaign == plan.reserved.campaign)
    begun = any(release.sealed for release in plan.releases.values())
    if begun or connection.execute(requests).first() is not None:
        raise AlreadyReleased("the plan has begun, and something of it may have left", "leave its charges as they are")


def settle_request(connection: Connection, campaign: str, key: str, request: str) -> None:
    """Note the request that a release answers, and refuse any other.

    Raises:
        AlreadyReleased: Another one was noted before.
    """
    of = (asked.c.campaign == campaign, asked.c.key == key)
    known = connection.execute(select(asked.c.request).where(*of)).scalar_one_or_none()
    if known is None:
        connection.execute(insert(asked).values(campaign=campaign, key=key, request=request))
    elif known != request:
        raise AlreadyReleased("the release was asked for by another request", NEW_CAMPAIGN)


def checked_events(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events as they will be read back: what is compared with the cap is what is stored.

    Raises:
        ProtocolError: They are none, too many, malformed or share a key.
    """
    todo = "send a plan of distinct, well-formed releases"
    if not 0 < len(events) <= LIMITS.plan_events:
        raise ProtocolError("a plan holds no release or too many", todo)
    if not all(isinstance(event, Event) for event in events):
        raise ProtocolError("a plan holds something that is not an event", todo)
    checked = tuple(event_from_dict(parse_json(canonical_json(event.as_dict()))) for event in events)
    for event in checked:
        check_text(event.key, LIMITS.key_chars)
    if len({event.key for event in checked}) != len(checked):
        raise ProtocolError("a plan uses a key twice", todo)
    return checked


def check_text(value: str, limit: int) -> None:
    """Refuse a name that is empty, too long or not printable.

    Raises:
        ProtocolError: It is.
    """
    # Printable text holds neither NUL nor a lone surrogate, which a database would cut or choke on.
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise ProtocolError("a name is empty, too long or not printable", "use short plain names")


def check_digest(value: str) -> None:
    """Refuse what is not a SHA-256 in lower-case hexadecimal.

    Raises:
        ProtocolError: It is not.
    """
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ProtocolError("a digest is malformed", "give SHA-256 in hexadecimal")


def check_head(size: int, root: bytes) -> None:
    """Refuse what is not the head of a log.

    Raises:
        ProtocolError: It is not.
    """
    if type(size) is not int or not 0 <= size <= LIMITS.log_entries:
        raise ProtocolError("a head's size is not a number of entries", "refuse the head")
    if not isinstance(root, bytes) or len(root) != HASH_BYTES:
        raise ProtocolError("a head's root is not a SHA-256", "refuse the head")
