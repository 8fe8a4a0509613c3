"""The file in which a consortium's office keeps its enrolment list: begun once, changed by one list after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fedaug.errors import ConfigError
from fedaug.privacy.enrolment.changes import first_list
from fedaug.privacy.enrolment.form import claimed_authority, sign_list, signed_list
from fedaug.privacy.enrolment.lists import Enrolment
from fedaug.privacy.files import exclusive, whole_file
from fedaug.privacy.limits import LIMITS


def read_file(path: Path) -> bytes:
    """A list's bytes; one more than are allowed at most.

    Raises:
        ConfigError: There is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LIMITS.enrolment_bytes + 1)
    except OSError:
        raise ConfigError("the enrolment list cannot be read", "check the file's name and permissions") from None


def begin(path: Path, signer: Ed25519PrivateKey, consortium: str, now: int, valid_s: int) -> Enrolment:
    """Write the first list.

    Args:
        path: Its file, of which there is none yet.
        signer: The authority's key.
        consortium: Its name.
        now: Seconds since 1970, UTC.
        valid_s: How long it is accepted, in seconds.

    Raises:
        ConfigError: There is a list already, the name is malformed, or the file cannot be written.
    """
    made = first_list(consortium, _hex(signer.public_key()), now, valid_s)
    _write(path, sign_list(made, signer), overwrite=False)
    return made


def change(path: Path, signer: Ed25519PrivateKey, following: Callable[[Enrolment, str], Enrolment]) -> Enrolment:
    """Write the next list in place of the newest.

    Args:
        path: Its file.
        signer: The authority's key, or that of the authority to which the newest list hands over.
        following: The next list, from the newest one and the public key that will sign it, hexadecimal.

    Raises:
        ConfigError: The file cannot be read or written; or as ``following``.
        ProtocolError, BadSignature: The file holds no list that its authority has signed.
    """
    read_file(path)  # fails in plain words where there is no folder to lock
    with exclusive(path.parent):  # of two changes at once, one would be lost, and there were two lists of one epoch
        data = read_file(path)
        made = following(signed_list(data, claimed_authority(data)), _hex(signer.public_key()))
        _write(path, sign_list(made, signer), overwrite=True)
    return made


def _write(path: Path, data: bytes, *, overwrite: bool) -> None:
    try:
        with whole_file(path, overwrite=overwrite) as file:
            file.write(data)
    except FileExistsError:
        raise ConfigError("there is an enrolment list already", "change it: fedaug enrolment add") from None
    except OSError:
        raise ConfigError(
            "the enrolment list cannot be written", "check the folder's permissions and the space on its disk"
        ) from None


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes_raw().hex()
