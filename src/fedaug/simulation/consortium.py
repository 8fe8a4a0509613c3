"""A consortium for virtual sites: an authority that enrols whoever is founded, and a coordinator with keys of its own.

A real authority checks who somebody is before it signs; this one believes everybody, since all of them are one process.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import ConfigError
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Member, Role, sign_list
from fedaug.privacy.envelope import key_id
from fedaug.privacy.files import exclusive, private_folder, whole_file
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import SystemNoise
from fedaug.server.enrolment import EnrolledConsortium

COORDINATOR: Final = "coordinator"
_NAME: Final = "simulation"
_VALID_S: Final = 390 * 86_400  # lists may not be valid for much longer
#: Scrypt's cost for virtual members: their passphrase lies beside them, so guessing it need not be made hard.
CHEAP_SCRYPT: Final = 2**10


class VirtualConsortium:
    """The authority and the coordinator of one run, made when first needed.

    Args:
        folder: Keeps their keys and the newest list. Processes that use it at once take turns.
        passphrase: Of their keys.
        clock: Seconds since 1970, UTC.
    """

    def __init__(self, folder: Path, passphrase: bytes, clock: Callable[[], float] = time.time) -> None:
        self._folder = private_folder(folder)
        self._passphrase = passphrase
        self._clock = clock
        with exclusive(self._folder):
            self._authority = self._keys("authority")
            self._coordinator = self._keys(COORDINATOR)
            self._store = EnrolmentStore(self._folder / "enrolment", self.authority)
            self._tell_authority()
            if self._newest() is None:
                coordinator = self._coordinator.signer.public_key().public_bytes_raw().hex()
                self._publish(1, (Member(name=COORDINATOR, role=Role.COORDINATOR, public_key=coordinator),))
            self._tell_list()  # a run that was cut off may have signed a list and not told it

    @property
    def authority(self) -> Ed25519PublicKey:
        """The key that signs the lists."""
        return self._authority.signer.public_key()

    def enrol(self, name: str, key: Ed25519PublicKey, member: EnrolmentStore) -> None:
        """Put a site on the list, in the place of one of that name with another key, and give it the list.

        Doing it again does nothing. A site whose founding was cut off comes back with a new key.
        """
        site = Member(name=name, role=Role.SITE, public_key=key.public_bytes_raw().hex())
        with exclusive(self._folder):
            newest = self._store.current(self._clock())
            if site not in newest.members:
                others = (one for one in newest.members if (one.name, one.role) != (name, Role.SITE))
                self._publish(newest.epoch + 1, (*others, site))
            member.accept(self._signed(), self._clock())

    def as_coordinator(self) -> EnrolledConsortium:
        """What the coordinator needs to know of the consortium."""
        return EnrolledConsortium(COORDINATOR, self._coordinator.signer, self._store, SystemNoise(), self._clock)

    def _keys(self, name: str) -> KeyRing:
        folder = self._folder / name
        if (folder / "keys" / "keyring.json").exists():
            return KeyRing.open(folder, self._passphrase)
        return KeyRing.create(folder, self._passphrase, scrypt_n=CHEAP_SCRYPT)

    def _tell_authority(self) -> None:
        """As `fedaug keys --json` writes it: whoever checks the run's log needs it."""
        key = self.authority
        told = {"key_id": key_id(key), "public_key": key.public_bytes_raw().hex()}
        (self._folder / "authority.json").write_text(json.dumps(told) + "\n")

    def _newest(self) -> Enrolment | None:
        try:
            return self._store.current(self._clock())
        except ConfigError:
            return None

    def _publish(self, epoch: int, members: tuple[Member, ...]) -> None:
        issued = math.floor(self._clock())
        enrolment = Enrolment(
            consortium=_NAME,
            epoch=epoch,
            issued=issued,
            expires=issued + _VALID_S,
            authority=self.authority.public_bytes_raw().hex(),
            members=members,
        )
        # Before anybody else has it: the next list must not contradict one that a member was given.
        self._store.accept(sign_list(enrolment, self._authority.signer), self._clock())
        self._tell_list()

    def _tell_list(self) -> None:
        with whole_file(self._folder / "enrolment.json", overwrite=True) as file:
            file.write(self._signed())

    def _signed(self) -> bytes:
        """The newest list, always in the same bytes."""
        return sign_list(self._store.current(self._clock()), self._authority.signer)
