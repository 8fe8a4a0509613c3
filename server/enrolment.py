"""Who takes part in a consortium, and the coordinator's own voice in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fedaug.privacy.enrolment import EnrolmentStore, Role
from fedaug.privacy.envelope import key_id, seal_request
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head

_NONCE_BYTES = 16


class Consortium(Protocol):
    """What a campaign needs to know of the people in it."""

    @property
    def coordinator(self) -> str:
        """The coordinator's name."""
        ...

    def seal(self, request: bytes, campaign: str, receiver: str) -> bytes:
        """A request as it is sent to a site; to whoever answers, if ``receiver`` is empty."""
        ...

    def sign(self, head: LogHead, role: HeadRole) -> SignedHead | None:
        """The coordinator's signature under a log's head; None if it has no key that anybody knows."""
        ...

    def require_site(self, name: str, key: Ed25519PublicKey) -> None:
        """Check that a site may answer under a name and key.

        Raises:
            ProtocolError: It may not.
        """
        ...


class OpenConsortium:
    """Without an enrolment list: requests go unsigned, and a site's key is trusted when it is first shown."""

    coordinator = "coordinator"

    def seal(self, request: bytes, campaign: str, receiver: str) -> bytes:
        """As it is."""
        return request

    def sign(self, head: LogHead, role: HeadRole) -> SignedHead | None:
        """Not at all."""
        return None

    def require_site(self, name: str, key: Ed25519PublicKey) -> None:
        """Anybody may answer."""


class EnrolledConsortium:
    """Sites and coordinator as the newest enrolment list has them.

    The list is looked up for every request and every answer, so that a revoked key's answer is refused although it was
    under way before.

    Args:
        name: The coordinator's, as enrolled.
        signer: Its key.
        store: Keeps the list.
        nonces: Where nonces come from.
        clock: Seconds since 1970, UTC.
    """

    def __init__(
        self,
        name: str,
        signer: Ed25519PrivateKey,
        store: EnrolmentStore,
        nonces: NoiseSource,
        clock: Callable[[], float],
    ) -> None:
        self.coordinator = name
        self._signer = signer
        self._store = store
        self._nonces = nonces
        self._clock = clock

    def seal(self, request: bytes, campaign: str, receiver: str) -> bytes:
        """Signed by the coordinator."""
        return seal_request(
            request,
            campaign=campaign,
            sender=self.coordinator,
            receiver=receiver,
            nonce=self._nonces.token(_NONCE_BYTES),
            signer=self._signer,
        )

    def sign(self, head: LogHead, role: HeadRole) -> SignedHead | None:
        """By the coordinator's key."""
        return sign_head(head, role, self._signer)

    def require_site(self, name: str, key: Ed25519PublicKey) -> None:
        """See :meth:`Consortium.require_site`."""
        self._store.current(self._clock()).key_of(name, Role.SITE, key_id(key))
