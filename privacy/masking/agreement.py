"""Keys of one round: X25519 pairs, and what two sites derive from them that nobody else can.

Every derived key is HKDF-SHA256 (RFC 5869) of a Diffie-Hellman value (RFC 7748), salted with the digest of the round's
roster, under a label of its own and both public keys: no key serves two purposes, two rounds or two directions.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fedaug.errors import ProtocolError
from fedaug.privacy.noise import NoiseSource

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
#: What sealing adds to a text: nonce and tag.
SEALED_BYTES: Final = _NONCE_BYTES + 16

_MASK: Final = b"fedaug secure sum: pairwise mask\x00"
_SEAL: Final = b"fedaug secure sum: sealed shares\x00"
_OWN: Final = b"fedaug secure sum: own mask\x00"
_COMMITMENT: Final = b"fedaug secure sum: commitment to a seed\x00"


class KeyPair:
    """An X25519 key pair, for one round and one purpose.

    Args:
        private: 32 bytes, from :meth:`fedaug.privacy.noise.NoiseSource.token` (or joined from shares).
    """

    def __init__(self, private: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(private)
        self.private = private
        self.public = self._key.public_key().public_bytes_raw()

    def agree(self, other: bytes) -> bytes:
        """The Diffie-Hellman value with another's public key.

        Raises:
            ProtocolError: The key is one with which the value does not depend on the private key.
        """
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError:
            raise ProtocolError("a site's public key is one that cannot be used", "leave that site out") from None


def mask_seed(own: KeyPair, other: bytes, roster: bytes) -> bytes:
    """What the mask between two sites is expanded from; both get the same.

    Raises:
        ProtocolError: The other's key cannot be used.
    """
    low, high = sorted((own.public, other))
    return _derived(own.agree(other), _MASK + low + high, roster)


def own_mask_seed(secret: bytes, roster: bytes) -> bytes:
    """What a site's own mask is expanded from."""
    return _derived(secret, _OWN, roster)


def commitment(secret: bytes, roster: bytes) -> bytes:
    """What binds a site to the secret of its own mask, and tells nothing of it (the secret has 256 bits)."""
    return _derived(secret, _COMMITMENT, roster)


def seal_for(own: KeyPair, receiver: bytes, roster: bytes, text: bytes, noise: NoiseSource) -> bytes:
    """Seal a text by AES-256-GCM, so that the receiver alone can open it, and knows that this sender has sealed it.

    Raises:
        ProtocolError: The receiver's key cannot be used.
    """
    key = _derived(own.agree(receiver), _SEAL + own.public + receiver, roster)
    nonce = noise.token(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, roster)


def open_from(own: KeyPair, sender: bytes, roster: bytes, sealed: bytes) -> bytes:
    """The text that a sender sealed for this pair, in the round with this roster.

    Raises:
        ProtocolError: It was sealed by another, for another or in another round, or was changed.
    """
    key = _derived(own.agree(sender), _SEAL + sender + own.public, roster)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], roster)
    except (InvalidTag, ValueError):
        raise ProtocolError("a share does not open with its sender's key", "end the round") from None


def _derived(secret: bytes, label: bytes, salt: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt, label).derive(secret)
