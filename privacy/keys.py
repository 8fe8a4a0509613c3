"""A member's keys: one that signs what leaves it, one that seals what it stores, both wrapped by a passphrase.

KeyRing.create(folder, b"a long passphrase")
keys = KeyRing.open(folder, b"a long passphrase")
keys.signer.sign(...)
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.files import exclusive, private_folder, remove_partials, whole_file
from fedaug.privacy.key_file import (
    KEY_BYTES,
    KEY_FILE_BYTES,
    MOST_RETIRED,
    STRONG_SCRYPT_N,
    WRAPPED_BYTES,
    Entropy,
    RetiredKey,
    Secrets,
    open_keys,
    seal_keys,
    unwrap,
    wrap,
)

__all__ = ["STRONG_SCRYPT_N", "WRAPPED_BYTES", "KeyRing", "RetiredKey", "find_passphrase"]

_MOST_PASSPHRASE_BYTES: Final = 1_024


class KeyRing:
    """Keys, opened. Made by :meth:`create`, :meth:`open` or :meth:`rotate`.

    Both keys lie in one file, so that there is never one without the other: ``folder/keys/keyring.json``, mode 0600. It
    holds scrypt's cost and salt, the record of retired keys, and each key under AES-256-GCM with all of these and the
    key's purpose as associated data, so that none of them can be changed, swapped or left out.

    Attributes:
        signer: Signs what leaves.
        retired: The signing keys before it, oldest first; the newest 256 are kept.
    """

    def __init__(self, secrets: Secrets, entropy: Entropy) -> None:
        self.signer = Ed25519PrivateKey.from_private_bytes(secrets.signing)
        self.retired = secrets.retired
        self._store = AESGCM(secrets.store)
        self._entropy = entropy

    @classmethod
    def create(
        cls, folder: Path, passphrase: bytes, entropy: Entropy = os.urandom, *, scrypt_n: int = STRONG_SCRYPT_N
    ) -> Self:
        """Make new keys and store them.

        Args:
            folder: The site's folder, or that of another member or of the consortium's authority.
            passphrase: Wraps them.
            entropy: Where randomness comes from.
            scrypt_n: The work of one guess at the passphrase, a power of two. Less than the default is for simulations,
                whose passphrases protect nothing.

        Raises:
            ConfigError: The folder has keys already or cannot be written, or the passphrase is empty or too long.
        """
        _check_passphrase(passphrase)
        secrets = Secrets(entropy(KEY_BYTES), entropy(KEY_BYTES), scrypt_n)
        data = seal_keys(secrets, passphrase, entropy)
        try:
            private_folder(folder)
            private_folder(folder / "keys")
            with whole_file(_path(folder), overwrite=False) as file:
                file.write(data)
        except FileExistsError:
            raise ConfigError(
                "the folder has keys already",
                "keep them: with new ones a site's store cannot be read; fedaug keys --rotate replaces the signing key",
            ) from None
        except OSError:
            raise _not_written() from None
        return cls(secrets, entropy)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes, entropy: Entropy = os.urandom) -> Self:
        """Open a folder's keys.

        Raises:
            ConfigError: The folder has no keys.
            SealError: The passphrase is wrong, or the file was changed.
        """
        return cls(open_keys(_read(folder), passphrase), entropy)

    @classmethod
    def rotate(cls, folder: Path, passphrase: bytes, today: date, entropy: Entropy = os.urandom) -> Self:
        """Replace the signing key by a new one, and open the keys.

        The store key stays, so that a site's store can be read as before. The old public key is kept for the record;
        the old private key is in no file any more, though in backups of the folder, and for a while perhaps in unused
        parts of the disk, under the passphrase. A crash leaves the old ring or the new one, whole. Whatever runs with
        the old key opened signs with it until it is started anew.

        Args:
            folder: As for :meth:`create`.
            passphrase: Opens the old ring and wraps the new one.
            today: The day that is recorded.
            entropy: Where randomness comes from.

        Raises:
            ConfigError: The folder has no keys, or cannot be written; the old ones are as they were.
            SealError: The passphrase is wrong, or the file was changed.
        """
        if not _path(folder).parent.is_dir():
            raise _no_keys()
        with exclusive(_path(folder).parent):  # of two rotations at once, one key would be lost after it was shown
            old = open_keys(_read(folder), passphrase)
            public = Ed25519PrivateKey.from_private_bytes(old.signing).public_key().public_bytes_raw()
            retired = (*old.retired, RetiredKey(public.hex(), today.isoformat()))
            new = replace(old, signing=entropy(KEY_BYTES), retired=retired[-MOST_RETIRED:])
            data = seal_keys(new, passphrase, entropy)
            try:
                remove_partials(_path(folder).parent)  # of a rotation that was cut short: keys that nobody saw
                with whole_file(_path(folder), overwrite=True) as file:
                    file.write(data)
            except OSError:
                raise _not_written() from None
        return cls(new, entropy)

    def new_data_key(self, context: bytes) -> tuple[bytes, bytes]:
        """A fresh key for one file, and the form in which the file keeps it.

        Args:
            context: What the file is. The key cannot be had with another context.

        Returns:
            32 bytes, and the same wrapped by the store key in ``WRAPPED_BYTES``.
        """
        key = self._entropy(KEY_BYTES)
        return key, wrap(self._store, key, context, self._entropy)

    def data_key(self, wrapped: bytes, context: bytes) -> bytes:
        """A file's key.

        Raises:
            SealError: It was wrapped by another store key or for another context, or was changed.
        """
        return unwrap(self._store, wrapped, context)


def find_passphrase(
    folder: Path,
    environ: Mapping[str, str] = os.environ,
    ask: Callable[[str], str] = getpass.getpass,
    interactive: Callable[[], bool] | None = None,
) -> bytes:
    """Look the passphrase up: a file, a systemd credential, the terminal.

    Args:
        folder: The folder of the keys, for the question.
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
        return _check_passphrase(ask(f"Passphrase of the keys in {folder}: ").encode())
    raise ConfigError("there is no passphrase for the keys", "set FEDAUG_PASSPHRASE_FILE, or run from a terminal")


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
    return folder / "keys" / "keyring.json"


def _read(folder: Path) -> bytes:
    try:
        with _path(folder).open("rb") as file:
            return file.read(KEY_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _no_keys() from None
    except OSError:
        raise SealError("the key file cannot be read", "check its permissions and the disk") from None


def _no_keys() -> ConfigError:
    return ConfigError(
        "the folder has no keys", "run fedaug site init for a site, fedaug keys --new for another member"
    )


def _not_written() -> ConfigError:
    return ConfigError("the key file cannot be written", "check the folder's permissions and the space on its disk")
