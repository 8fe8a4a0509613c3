"""The key file: its form, and how a passphrase wraps the two keys in it. Bytes in, values out; no disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.canonical import canonical_json

#: scrypt's n (with r = 8, p = 1): 128 MiB and a third of a second; the OWASP password storage sheet's first choice.
STRONG_SCRYPT_N: Final = 2**17
_SCRYPT_R: Final = 8
_MOST_SCRYPT_N: Final = 2**20  # 1 GiB: a damaged file must not ask for all memory
KEY_FILE_BYTES: Final = 65_536
MOST_RETIRED: Final = 256  # a key a month for twenty years, in half of the file's limit
KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_VERSION: Final = 1
_SIGNING: Final = "signing"
_STORE: Final = "store"

#: A data key under the store key: nonce, key, tag.
WRAPPED_BYTES: Final = _NONCE_BYTES + KEY_BYTES + 16

Entropy = Callable[[int], bytes]


@dataclass(frozen=True)
class RetiredKey:
    """A signing key that another one replaced; its private half is gone.

    Attributes:
        public_key: 32 bytes, hexadecimal.
        retired: The day of its replacement, ISO 8601.
    """

    public_key: str
    retired: str


@dataclass(frozen=True)
class Secrets:
    """What a key file holds.

    Attributes:
        signing: The Ed25519 private key, 32 bytes.
        store: The AES-256 key that wraps data keys, 32 bytes.
        scrypt_n: The work of one guess at the passphrase.
        retired: The signing keys before this one, oldest first.
    """

    signing: bytes = field(repr=False)
    store: bytes = field(repr=False)
    scrypt_n: int
    retired: tuple[RetiredKey, ...] = ()


def seal_keys(secrets: Secrets, passphrase: bytes, entropy: Entropy) -> bytes:
    """The key file's bytes, under a fresh salt.

    Raises:
        ConfigError: The cost is not one that :func:`open_keys` accepts.
    """
    header: dict[str, Any] = {
        "version": _VERSION,
        "scrypt_n": _checked_cost(secrets.scrypt_n),
        "salt": entropy(_SALT_BYTES).hex(),
    }
    if secrets.retired:  # a file without them is as it always was
        header["retired"] = [asdict(key) for key in secrets.retired]
    kek = AESGCM(_derived(header, passphrase))
    keys = {_SIGNING: secrets.signing, _STORE: secrets.store}
    sealed = {purpose: wrap(kek, key, _bound(header, purpose), entropy).hex() for purpose, key in keys.items()}
    return json.dumps({**header, "sealed": sealed}, indent=1).encode() + b"\n"


def open_keys(data: bytes, passphrase: bytes) -> Secrets:
    """What a key file holds, if the passphrase is right and nothing in the file was changed.

    Raises:
        SealError: It is not so, or the file is damaged.
    """
    header, sealed = _parsed(data)
    kek = AESGCM(_derived(header, passphrase))
    signing, store = (unwrap(kek, sealed[purpose], _bound(header, purpose)) for purpose in (_SIGNING, _STORE))
    return Secrets(signing, store, header["scrypt_n"], tuple(RetiredKey(**key) for key in header.get("retired", ())))


def wrap(kek: AESGCM, key: bytes, context: bytes, entropy: Entropy) -> bytes:
    """A key of 32 bytes under another, in ``WRAPPED_BYTES``, bound to a context."""
    nonce = entropy(_NONCE_BYTES)
    return nonce + kek.encrypt(nonce, key, context)


def unwrap(kek: AESGCM, wrapped: bytes, context: bytes) -> bytes:
    """The key that :func:`wrap` was given.

    Raises:
        SealError: It was wrapped under another key or for another context, or was changed.
    """
    try:
        if len(wrapped) != WRAPPED_BYTES:
            raise InvalidTag
        return kek.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
    except InvalidTag:
        raise SealError(
            "a key cannot be unwrapped: the passphrase is wrong, or the file was changed or moved",
            "check the passphrase, or restore the file from a backup",
        ) from None


def _checked_cost(n: object) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or not 2 <= n <= _MOST_SCRYPT_N or n & (n - 1):
        raise ConfigError("scrypt's cost is not a power of two from 2 to 2^20", "leave it at its default")
    return n


def _derived(header: Mapping[str, Any], passphrase: bytes) -> bytes:
    salt = bytes.fromhex(header["salt"])
    return Scrypt(salt=salt, length=KEY_BYTES, n=header["scrypt_n"], r=_SCRYPT_R, p=1).derive(passphrase)


def _bound(header: Mapping[str, Any], purpose: str) -> bytes:
    return canonical_json({**header, "purpose": purpose})


def _parsed(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Header, not authenticated yet, and wrapped keys by purpose."""
    try:
        if len(data) > KEY_FILE_BYTES:
            raise ValueError
        values = json.loads(data)
        header = {
            "version": values["version"],
            "scrypt_n": _checked_cost(values["scrypt_n"]),
            "salt": bytes.fromhex(values["salt"]).hex(),
        }
        if "retired" in values:
            header["retired"] = [_retired(key) for key in values["retired"]]
        sealed = {purpose: bytes.fromhex(values["sealed"][purpose]) for purpose in (_SIGNING, _STORE)}
        if header["version"] != _VERSION:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError, ConfigError):
        raise SealError("the key file is damaged", "restore it from a backup") from None
    return header, sealed


def _retired(key: Mapping[str, Any]) -> dict[str, str]:
    return {
        "public_key": bytes.fromhex(key["public_key"]).hex(),
        "retired": date.fromisoformat(key["retired"]).isoformat(),
    }
