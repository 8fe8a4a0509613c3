"""Reversible pseudonyms: a finding under AES-256-GCM, as a printable token in the text.

The token ``[PERSON:enc:KEYID.BASE64URL]`` holds a fresh nonce of 96 bits, the padded value and the tag. What is
authenticated with it is version, key id, type and subject, each preceded by its length: a flipped bit, another type or
another subject's record is refused. One key takes 2^32 values (NIST SP 800-38D, 8.3). The value's length shows in steps
of 16 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.noise import NoiseSource

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_BLOCK: Final = 16
_VERSION: Final = b"fedaug deid enc 1"
_TOKEN: Final = re.compile(r"\[(?P<type>[A-Z][A-Z0-9_]*):enc:(?P<key>[0-9a-f]{8})\.(?P<sealed>[A-Za-z0-9_-]*)\]")
_MARK: Final = re.compile(r"\[[^\[\]\s]*:enc:")


def key_id(key: bytes) -> str:
    """Eight hexadecimal digits that tell keys apart and say nothing about them."""
    return hmac.digest(_checked(key), b"fedaug deid key id", hashlib.sha256)[:4].hex()


def encrypt_value(value: str, entity_type: str, key: bytes, *, subject: str | None, noise: NoiseSource) -> str:
    """The token of a value.

    Args:
        value: What was found.
        entity_type: Its type; it stands in the token and is authenticated.
        key: 32 bytes.
        subject: Whose record it is; the same must be named to decrypt. None names nobody.
        noise: Where the nonce comes from.

    Raises:
        ConfigError: The key is not 32 bytes.
    """
    name = key_id(key)
    nonce = noise.token(_NONCE_BYTES)
    padded = _padded(value.encode("utf-8", "surrogatepass"))
    sealed = nonce + AESGCM(key).encrypt(nonce, padded, _bound(name, entity_type, subject))
    return f"[{entity_type}:enc:{name}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}]"


def count_tokens(text: str) -> int:
    """How many encrypted values a text holds, damaged ones included."""
    return sum(1 for _ in _MARK.finditer(text))


def decrypt_text(text: str, key: bytes | Sequence[bytes], *, subject: str | None = None) -> str:
    """A text with every token turned back into what it stands for.

    Args:
        text: As a policy with ``encrypt`` left it.
        key: The site's encryption key, or all that it has had: a token names the one that it was made with.
        subject: Whose record it is.

    Raises:
        ConfigError: A key is not 32 bytes.
        SealError: A token was changed, moved to another type or subject, cut short, or made with none of the keys. No
            part of the text is given then.
    """
    keys = {key_id(one): one for one in ((key,) if isinstance(key, bytes) else key)}
    pieces, position = [], 0
    for mark in _MARK.finditer(text):
        match = _TOKEN.match(text, mark.start())
        if match is None:
            raise SealError("a token in the text is damaged", "restore the text")
        if match["key"] not in keys:
            raise SealError("a token in the text was made with another key", "use the key that it was made with")
        value = _opened(match, keys[match["key"]], subject)
        if value is None and subject is not None and _opened(match, keys[match["key"]], None) is not None:
            raise SealError("a token in the text was made without a subject", "name none")
        if value is None:
            what = "a token in the text was changed, or was made for another subject"
            raise SealError(what, "name the subject that it was made for, or restore the text")
        pieces += [text[position : match.start()], value]
        position = match.end()
    return "".join([*pieces, text[position:]])


def _opened(match: re.Match[str], key: bytes, subject: str | None) -> str | None:
    try:
        sealed = base64.b64decode(match["sealed"] + "=" * (-len(match["sealed"]) % 4), b"-_", validate=True)
        if base64.urlsafe_b64encode(sealed).decode().rstrip("=") != match["sealed"]:
            return None  # bits that the encoding leaves unused
        padded = AESGCM(key).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(match["key"], match["type"], subject)
        )
    except (InvalidTag, ValueError, binascii.Error):
        return None
    return padded[: padded.rindex(b"\x80")].decode("utf-8", "surrogatepass")


def _bound(name: str, entity_type: str, subject: str | None) -> bytes:
    whose = b"N" if subject is None else b"S" + subject.encode("utf-8", "surrogatepass")
    parts = (_VERSION, name.encode(), entity_type.encode(), whose)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _padded(value: bytes) -> bytes:
    return value + b"\x80" + bytes(-(len(value) + 1) % _BLOCK)


def _checked(key: bytes) -> bytes:
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise ConfigError("an encryption key is not 32 bytes", "draw it from the site's secret randomness")
    return key
