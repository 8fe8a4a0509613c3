"""A site's keys: one that signs what it releases, one that seals what it stores, both wrapped by a passphrase.

KeyRing.create(folder, b"a long passphrase")
keys = KeyRing.open(folder, b"a long passphrase")
keys.signer.sign(...)
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.files import private_folder, whole_file

#: scrypt's n (with r = 8, p = 1): 128 MiB and a third of a second; the OWASP password storage sheet's first choice.
STRONG_SCRYPT_N: Final = 2**17
_SCRYPT_R: Final = 8
_MOST_SCRYPT_N: Final = 2**20  # 1 GiB: a damaged file must not ask for all memory
_MOST_FILE_BYTES: Final = 4_096
_MOST_PASSPHRASE_BYTES: Final = 1_024
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_VERSION: Final = 1
_SIGNING: Final = "signing"
_STORE: Final = "store"

#: A data key under the store key: nonce, key, tag.
WRAPPED_BYTES: Final = _NONCE_BYTES + _KEY_BYTES + 16

Entropy = Callable[[int], bytes]


class KeyRing:
    """A site's keys, opened. Made by :meth:`create` or :meth:`open`.

    Both keys lie in one file, so that there is never one without the other: ``folder/keys/keyring.json``, mode 0600. It
    holds scrypt's cost and salt, and each key under AES-256-GCM with the cost, the salt and the key's purpose as
    associated data, so that none of them can be changed or swapped.

    Attributes:
        signer: Signs the site's replies.
    """

    def __init__(self, signer: Ed25519PrivateKey, store_key: bytes, entropy: Entropy) -> None:
        self.signer = signer
        self._store = AESGCM(store_key)
        self._entropy = entropy

    @classmethod
    def create(
        cls, folder: Path, passphrase: bytes, entropy: Entropy = os.urandom, *, scrypt_n: int = STRONG_SCRYPT_N
    ) -> Self:
        """Make new keys and store them.

        Args:
            folder: The site's folder.
            passphrase: Wraps them.
            entropy: Where randomness comes from.
            scrypt_n: The work of one guess at the passphrase, a power of two. Less than the default is for simulations,
                whose passphrases protect nothing.

        Raises:
            ConfigError: The site has keys already, or the passphrase is empty or too long.
        """
        _check_passphrase(passphrase)
        header = {"version": _VERSION, "scrypt_n": _checked_cost(scrypt_n), "salt": entropy(_SALT_BYTES).hex()}
        kek = AESGCM(_derived(header, passphrase))
        secrets = {_SIGNING: entropy(_KEY_BYTES), _STORE: entropy(_KEY_BYTES)}
        sealed = {purpose: _wrap(kek, key, _bound(header, purpose), entropy).hex() for purpose, key in secrets.items()}
        private_folder(folder)
        path = _path(private_folder(folder / "keys"))
        try:
            with whole_file(path, overwrite=False) as file:
                file.write(json.dumps({**header, "sealed": sealed}, indent=1).encode() + b"\n")
        except FileExistsError:
            raise ConfigError(
                "the site has keys already", "keep them: with new keys its store cannot be read"
            ) from None
        return cls(Ed25519PrivateKey.from_private_bytes(secrets[_SIGNING]), secrets[_STORE], entropy)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes, entropy: Entropy = os.urandom) -> Self:
        """Open a site's keys.

        Raises:
            ConfigError: The site has no keys.
            SealError: The passphrase is wrong, or the file was changed.
        """
        header, sealed = _read(_path(folder / "keys"))
        kek = AESGCM(_derived(header, passphrase))
        signing, store = (_unwrap(kek, sealed[purpose], _bound(header, purpose)) for purpose in (_SIGNING, _STORE))
        return cls(Ed25519PrivateKey.from_private_bytes(signing), store, entropy)

    def new_data_key(self, context: bytes) -> tuple[bytes, bytes]:
        """A fresh key for one file, and the form in which the file keeps it.

        Args:
            context: What the file is. The key cannot be had with another context.

        Returns:
            32 bytes, and the same wrapped by the store key in ``WRAPPED_BYTES``.
        """
        key = self._entropy(_KEY_BYTES)
        return key, _wrap(self._store, key, context, self._entropy)

    def data_key(self, wrapped: bytes, context: bytes) -> bytes:
        """A file's key.

        Raises:
            SealError: It was wrapped by another store key or for another context, or was changed.
        """
        return _unwrap(self._store, wrapped, context)


def find_passphrase(
    folder: Path,
    environ: Mapping[str, str] = os.environ,
    ask: Callable[[str], str] = getpass.getpass,
    interactive: Callable[[], bool] | None = None,
) -> bytes:
    """Look the passphrase up: a file, a systemd credential, the terminal.

    Args:
        folder: The site's folder, for the question.
        environ: ``FEDAUG_PASSPHRASE_FILE`` names a file; ``CREDENTIALS_DIRECTORY`` is set by systemd, and holds
            ``fedaug-passphrase``. Ends of line at the end are not part of the passphrase.
        ask: Asks for it on the terminal without showing it.
        interactive: Whether there is a terminal to ask on; by default, whether standard input is one.

    Raises:
        ConfigError: It is nowhere to be found, or empty, or too long.
    """
    if path := _passphrase_file(environ):
        try:
            with path.open("rb") as file:
                return _check_passphrase(file.read(_MOST_PASSPHRASE_BYTES + 2).rstrip(b"\r\n"))
        except OSError:
            raise ConfigError("the passphrase's file cannot be read", "check its path and permissions") from None
    if (interactive or sys.stdin.isatty)():
        return _check_passphrase(ask(f"Passphrase of the site in {folder}: ").encode())
    raise ConfigError(
        "there is no passphrase for the site's keys", "set FEDAUG_PASSPHRASE_FILE, or run from a terminal"
    )


def _passphrase_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("FEDAUG_PASSPHRASE_FILE"):
        return Path(named)
    if credentials := environ.get("CREDENTIALS_DIRECTORY"):
        path = Path(credentials) / "fedaug-passphrase"
        return path if path.exists() else None  # the unit may have other credentials only
    return None


def _check_passphrase(passphrase: bytes) -> bytes:
    if not 0 < len(passphrase) <= _MOST_PASSPHRASE_BYTES:
        raise ConfigError("the passphrase is empty, or longer than 1,024 bytes", "choose another")
    return passphrase


def _path(folder: Path) -> Path:
    return folder / "keyring.json"


def _checked_cost(n: object) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or not 2 <= n <= _MOST_SCRYPT_N or n & (n - 1):
        raise ConfigError("scrypt's cost is not a power of two from 2 to 2^20", "leave it at its default")
    return n


def _derived(header: Mapping[str, Any], passphrase: bytes) -> bytes:
    salt = bytes.fromhex(header["salt"])
    return Scrypt(salt=salt, length=_KEY_BYTES, n=header["scrypt_n"], r=_SCRYPT_R, p=1).derive(passphrase)


def _bound(header: Mapping[str, Any], purpose: str) -> bytes:
    return canonical_json({**header, "purpose": purpose})


def _wrap(kek: AESGCM, key: bytes, context: bytes, entropy: Entropy) -> bytes:
    nonce = entropy(_NONCE_BYTES)
    return nonce + kek.encrypt(nonce, key, context)


def _unwrap(kek: AESGCM, wrapped: bytes, context: bytes) -> bytes:
    try:
        if len(wrapped) != WRAPPED_BYTES:
            raise InvalidTag
        return kek.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
    except InvalidTag:
        raise SealError(
            "a key cannot be unwrapped: the passphrase is wrong, or the file was changed or moved",
            "check the passphrase, or restore the file from a backup",
        ) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_MOST_FILE_BYTES))
        header = {
            "version": values["version"],
            "scrypt_n": _checked_cost(values["scrypt_n"]),
            "salt": bytes.fromhex(values["salt"]).hex(),
        }
        sealed = {purpose: bytes.fromhex(values["sealed"][purpose]) for purpose in (_SIGNING, _STORE)}
        if header["version"] != _VERSION:
            raise ValueError
    except FileNotFoundError:
        raise ConfigError("the site has no keys", "run fedaug site init") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ConfigError):
        raise SealError("the site's key file is damaged", "restore it from a backup") from None
    return header, sealed
