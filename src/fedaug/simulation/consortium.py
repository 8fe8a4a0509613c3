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

from fedaug.errors import ConfigError, NotEnrolled
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Member, Role, sign_list
from fedaug.privacy.envelope import key_id
from fedaug.privacy.files import exclusive, private_folder
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

    @property
    def authority(self) -> Ed25519PublicKey:
        """The key that signs the lists."""
        return self._authority.signer.public_key()

    def enrol(self, name: str, key: Ed25519PublicKey, member: EnrolmentStore) -> None:
        """Put a site on the list, and give it the list."""
        with exclusive(self._folder):
            newest = self._store.current(self._clock())
            try:
                newest.key_of(name, Role.SITE)
            except NotEnrolled:
                site = Member(name=name, role=Role.SITE, public_key=key.public_bytes_raw().hex())
                self._publish(newest.epoch + 1, (*newest.members, site))
            member.accept(self._list().read_bytes(), self._clock())

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
        data = sign_list(enrolment, self._authority.signer)
        self._list().write_bytes(data)
        self._store.accept(data, self._clock())

    def _list(self) -> Path:
        return self._folder / "enrolment.json"
