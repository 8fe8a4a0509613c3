"""Enrolment: how a member keeps the newest list of whose keys are whose, and looks a key up in it.

store = EnrolmentStore(folder, authority_key)
store.accept(data, now)
store.current(now).key_of("st-mary", Role.SITE)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import BadSignature, ConfigError, FedaugError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.enrolment.form import read_list, signed_list
from fedaug.privacy.enrolment.lists import Enrolment, check_successor
from fedaug.privacy.files import exclusive, private_folder, whole_file
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of

_FORMAT: Final = 1
_MOST_STATE_BYTES: Final = 2 * LIMITS.enrolment_bytes  # quotes within the list take two bytes


@dataclass(frozen=True)
class _State:
    """What is kept: the authority that was named to this member, the one that signed the newest list, and that list."""

    pinned: str
    authority: str
    data: bytes

    def enrolment(self) -> Enrolment:
        return signed_list(self.data, public_key_of(self.authority))

    def as_bytes(self) -> bytes:
        values = {"format": _FORMAT, "pinned": self.pinned, "authority": self.authority, "list": self.data.decode()}
        return canonical_json(values)

    @classmethod
    def parsed(cls, data: bytes) -> Self:
        match parse_json(data):
            case {"format": 1, "pinned": str(pinned), "authority": str(authority), "list": str(text), **rest} if (
                not rest
            ):
                return cls(pinned, authority, text.encode())
        raise ValueError


class EnrolmentStore:
    """The newest enrolment list that a member has accepted, in ``folder/accepted.json``.

    It survives a restart, and with it the knowledge of the highest epoch, so that no older list is accepted later. It
    is read anew for each look-up: a list that another process accepts counts from then on. An older file that is put
    back is noticed by programs that are running; after a restart it counts until its list expires. Whoever may write
    the folder may also name another authority; it is as private as the member's settings.

    Args:
        folder: Of the store; made when the first list is accepted.
        authority: Whose lists are accepted, as this member was told by a way that nobody can tamper with. None accepts
            those of the authority that was named before. Where that authority has handed over to another by a list of
            its own, the other one's are accepted. Naming a third one begins anew.
    """

    def __init__(self, folder: Path, authority: Ed25519PublicKey | None = None) -> None:
        self._folder = folder
        self._named = None if authority is None else authority.public_bytes_raw().hex()
        self._seen: tuple[bytes, Enrolment] | None = None
        self._pinned = ""

    def accept(self, data: bytes, now: float) -> Enrolment:
        """Check a list, and keep it if it is newer than the one that is kept.

        Args:
            data: The list, of untrusted origin.
            now: Seconds since 1970, UTC.

        Raises:
            ProtocolError, BadSignature, OutdatedEnrolment: As for :func:`read_list`, or it may not follow the list that
                is kept.
            ConfigError: No authority was ever named, or the folder cannot be read or written.
        """
        try:
            private_folder(self._folder)
            with exclusive(self._folder):  # two lists at once: the older one must not have the last word
                return self._accept(data, now)
        except OSError:
            raise ConfigError(
                "the enrolment list cannot be kept", "check the folder's permissions and the space on its disk"
            ) from None

    def _accept(self, data: bytes, now: float) -> Enrolment:
        kept = self._kept()
        if kept is None:
            if self._named is None:
                raise ConfigError("no authority was named for enrolment lists", "name its public key")
            found = read_list(data, public_key_of(self._named), now)
            self._keep(_State(self._named, self._named, data))
            return found
        state, newest = kept
        found = _read_next(data, state, newest, now)
        check_successor(newest, found)
        self._keep(_State(state.pinned, found.authority, data))
        return found

    def begins_anew(self) -> bool:
        """Whether a list is kept that does not count, since another authority has been named than its own.

        The next list that is accepted takes its place, and what it revoked is no longer remembered.

        Raises:
            ConfigError: The list that is kept is damaged.
        """
        kept = self._read()
        return kept is not None and not self._counts(kept[0])

    @property
    def authority(self) -> str | None:
        """The public key that was named to this member, hexadecimal; it goes on counting after a hand-over.

        Raises:
            ConfigError: The list that is kept is damaged.
        """
        kept = self._kept()
        return self._named if kept is None else kept[0].pinned

    def newest(self) -> Enrolment | None:
        """The list that is kept, expired or not; for showing only.

        Raises:
            ConfigError: It is damaged.
        """
        kept = self._kept()
        return None if kept is None else kept[1]

    def current(self, now: float) -> Enrolment:
        """The newest list, if it is valid now.

        Args:
            now: Seconds since 1970, UTC.

        Raises:
            ConfigError: There is none yet from the authority that was named, or it is damaged.
            OutdatedEnrolment: It is expired.
        """
        kept = self._kept()
        if kept is None:
            raise ConfigError("there is no enrolment list yet", "get it from the consortium's office: fedaug enrolment")
        kept[1].check_time(now)
        return kept[1]

    def _kept(self) -> tuple[_State, Enrolment] | None:
        kept = self._read()
        return kept if kept is not None and self._counts(kept[0]) else None

    def _counts(self, state: _State) -> bool:
        """Whether no other authority has been named since."""
        return self._named in (None, state.pinned, state.authority)

    def _read(self) -> tuple[_State, Enrolment] | None:
        try:
            with (self._folder / "accepted.json").open("rb") as file:
                data = file.read(_MOST_STATE_BYTES)
            state = _State.parsed(data)
            if self._seen is None or self._seen[0] != data:
                self._seen = data, self._newer(state.enrolment(), state.pinned)
                self._pinned = state.pinned
        except FileNotFoundError:
            return None
        except (OSError, ValueError, FedaugError):
            raise ConfigError(
                "the enrolment list that was accepted cannot be read, or was changed",
                "restore accepted.json from a backup, or remove it and accept the newest list again",
            ) from None
        return state, self._seen[1]

    def _newer(self, found: Enrolment, pinned: str) -> Enrolment:
        """What was read, unless an older file was put back while this program runs."""
        if self._seen is not None and self._pinned == pinned and found.epoch < self._seen[1].epoch:
            raise ValueError
        return found

    def _keep(self, state: _State) -> None:
        with whole_file(self._folder / "accepted.json", overwrite=True) as file:
            file.write(state.as_bytes())


def _read_next(data: bytes, state: _State, newest: Enrolment, now: float) -> Enrolment:
    """A list by the authority of the newest one, or by the one to which that list hands over."""
    try:
        return read_list(data, public_key_of(state.authority), now)
    except BadSignature:
        if newest.next_authority is None:
            raise
        return read_list(data, public_key_of(newest.next_authority), now, newest.epoch + 1)
