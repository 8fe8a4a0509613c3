"""Ed25519 public keys that come from outside: which of them can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_at_most

_P: Final = 2**255 - 19
_KEY_BYTES: Final = 32
_MOST_FILE_BYTES: Final = 2**16  # what fedaug keys --json prints, with every retired key
#: The y of a point of order 8 on edwards25519; the other one is _P minus it.
_Y_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
#: The y of every point whose order divides 8. Signatures that anybody can make verify with such a key (Brendel,
#: Cremers, Jackson & Zhao 2021, section 2.1).
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


def public_key_of(text: object) -> Ed25519PublicKey:
    """A public key from 64 lower-case hexadecimal digits.

    Raises:
        ProtocolError: The text is none; or the key has a second spelling, and with it a second id; or it is one under
            which anybody can sign (RFC 8032, section 5.1.3, has the point's encoding).
    """
    todo = "ask for the key that fedaug keys prints"
    if not isinstance(text, str) or len(text) != 2 * _KEY_BYTES or not set(text) <= set("0123456789abcdef"):
        raise ProtocolError("a public key is not 64 hexadecimal digits", todo)
    raw = bytes.fromhex(text)
    y = int.from_bytes(raw, "little") % 2**255  # the highest bit is the sign of x
    if y >= _P or y in _SMALL_ORDER_Y:
        raise ProtocolError("a public key is one that cannot be used", todo)
    return Ed25519PublicKey.from_public_bytes(raw)


def named_keys(text: str) -> tuple[Ed25519PublicKey, ...]:
    """A public key from its 64 digits; or from what ``fedaug keys --json`` printed, and with it the retired ones.

    Logs outlive keys: what was signed before a key was replaced verifies with the key of that time only.

    Raises:
        ProtocolError: The text is neither, or a key cannot be used.
    """
    text = text.strip()
    if not text.startswith("{"):
        return (public_key_of(text),)
    match parse_json(text.encode()):
        case {"public_key": newest, "retired": [*retired]} if all(isinstance(key, dict) for key in retired):
            return tuple(map(public_key_of, (newest, *(key.get("public_key") for key in retired))))
        case values:
            return (public_key_of(values.get("public_key")),)


def given_keys(given: str) -> tuple[Ed25519PublicKey, ...]:
    """What a person names a key by: its digits, or the file that ``fedaug keys --json`` wrote; the retired ones last.

    Raises:
        ProtocolError: It is neither, or a key cannot be used.
        MissingFile: The file cannot be read.
    """
    try:
        is_file, is_there = Path(given).is_file(), Path(given).exists()
    except OSError:  # such as a name that is too long for one
        is_file = is_there = False
    if not is_file:
        if set("./") & set(given) and not given.lstrip().startswith("{"):
            raise ProtocolError(
                f"{given} is {'no file' if is_there else 'not there'}, and is no public key of 64 digits",
                "check the file's name, or give the key that fedaug keys prints",
            )
        return named_keys(given)
    try:
        return named_keys(read_at_most(Path(given), _MOST_FILE_BYTES).decode())
    except UnicodeDecodeError:
        raise ProtocolError(
            "a file that should hold a public key is no text", "write it with fedaug keys --json"
        ) from None
