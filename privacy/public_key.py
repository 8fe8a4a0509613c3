"""Ed25519 public keys that come from outside: which of them can be used."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import ProtocolError

_P: Final = 2**255 - 19
_KEY_BYTES: Final = 32
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
