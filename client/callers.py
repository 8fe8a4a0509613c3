"""Who may ask a site something: anybody who reaches it, or the coordinators that its consortium has enrolled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.client.settings import SiteSettings
from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.enrolment import EnrolmentStore, Role
from fedaug.privacy.envelope import NO_REQUEST, is_envelope, key_id, open_envelope


@dataclass(frozen=True)
class Asked:
    """A request, and who sent it if that is known.

    Attributes:
        request: The message's bytes.
        sender: The coordinator's name; empty if nobody vouches for one.
        key: What the coordinator signs with.
        receiver: The site that the coordinator has sent it to; empty if it is for whoever answers.
    """

    request: bytes
    sender: str = ""
    key: Ed25519PublicKey | None = None
    receiver: str = ""


class Callers(Protocol):
    """Who may ask."""

    def admit(self, data: bytes) -> Asked:
        """The request that a message carries, and who sent it.

        Raises:
            ProtocolError: The message is malformed, or its sender may not ask.
        """
        ...


class Anybody:
    """For trials on one machine, and for sites that are reached through a door of their own."""

    def admit(self, data: bytes) -> Asked:
        """Every message is a request."""
        return Asked(data)


class EnrolledCoordinators:
    """Only whom the newest enrolment list names as a coordinator, by a message signed with the key that it names.

    The list is looked up for each message, so a key that was revoked in the meantime is refused with what is under way.

    Args:
        store: Keeps the list.
        clock: Seconds since 1970, UTC.
    """

    def __init__(self, store: EnrolmentStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def admit(self, data: bytes) -> Asked:
        """See :meth:`Callers.admit`."""
        if not is_envelope(data):
            raise ProtocolError(
                "this site answers signed requests of enrolled coordinators only",
                "ask with a coordinator's key that the consortium's enrolment list names",
            )
        header, _ = open_envelope(data, None)
        key = self._store.current(self._clock()).key_of(header.site, Role.COORDINATOR, header.key_id)
        header, request = open_envelope(data, key)
        if header.request_digest != NO_REQUEST:
            raise ProtocolError("a message is not a request", "send a request in an envelope of its own")
        return Asked(request, header.site, key, header.key)


def callers_of(folder: Path, settings: SiteSettings, clock: Callable[[], float] = time.time) -> Callers:
    """Who may ask a site, by its settings."""
    authority = settings.consortium.authority_key
    return (
        Anybody() if authority is None else EnrolledCoordinators(EnrolmentStore(folder / "enrolment", authority), clock)
    )


def list_standing(folder: Path, settings: SiteSettings, now: float) -> str:
    """How the list stands by which a site knows who may ask, in words; empty if it answers anybody."""
    authority = settings.consortium.authority_key
    if authority is None:
        return ""
    store = EnrolmentStore(folder / "enrolment", authority)
    try:
        kept = store.newest()
    except ConfigError:
        standing = "the list that was accepted is damaged: nobody"
    else:
        if kept is None:
            standing = "no list accepted yet: nobody"
        else:
            day = datetime.fromtimestamp(kept.expires, UTC).strftime("%Y-%m-%d %H:%M UTC")
            standing = f"list {kept.epoch}, valid to {day}" if now < kept.expires else f"expired {day}: nobody"
    return f"its key id is {key_id(authority)}; {standing}"
