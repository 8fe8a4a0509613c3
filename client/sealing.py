"""Encrypts a stream of bytes in chunks, so that neither side ever holds the whole of it.

The layout is a magic number, the wrapped data key, then chunks of AES-256-GCM, all but the last of ``CHUNK_BYTES`` and
the tag. It is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015, section 6): the nonce is the chunk's
number and whether it is the last, so that chunks cannot be dropped, repeated or put in another order, nor the end cut
off. Numbers are safe as nonces because every file has a key of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fedaug.errors import SealError
from fedaug.privacy.keys import WRAPPED_BYTES, KeyRing

CHUNK_BYTES: Final = 2**20
_MAGIC: Final = b"fedaug\x00\x01"  # the last byte is the layout's version
_TAG_BYTES: Final = 16


def seal(parts: Iterable[bytes], file: BinaryIO, keys: KeyRing, context: bytes) -> None:
    """Write ``parts`` to ``file``, encrypted under a fresh key.

    Args:
        parts: The plain bytes, in pieces of any size.
        file: Open for writing, at its start.
        keys: Wrap the file's key.
        context: What the file is; it opens with this context only.
    """
    key, wrapped = keys.new_data_key(_MAGIC + context)
    file.write(_MAGIC + wrapped)
    cipher = AESGCM(key)
    number, kept = 0, bytearray()
    for part in parts:
        kept += part
        while len(kept) > CHUNK_BYTES:  # a full chunk stays until it is known whether it is the last
            file.write(_sealed(cipher, number, kept[:CHUNK_BYTES], last=False, context=context))
            del kept[:CHUNK_BYTES]
            number += 1
    file.write(_sealed(cipher, number, kept, last=True, context=context))


def unseal(file: BinaryIO, keys: KeyRing, context: bytes) -> Iterator[bytes]:
    """The plain bytes of a sealed file, chunk by chunk; every byte that comes out is authentic.

    That the end was not cut off is known only at the end: act on the whole when the iterator is exhausted.

    Raises:
        SealError: The file was changed, cut short, extended, renamed, or sealed with other keys or for another context.
    """
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _damaged()
    cipher = AESGCM(keys.data_key(file.read(WRAPPED_BYTES), _MAGIC + context))
    size = CHUNK_BYTES + _TAG_BYTES
    number, chunk = 0, file.read(size)
    while True:
        following = file.read(size)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, context)
        except InvalidTag:
            raise _damaged() from None
        if not following:
            return
        number, chunk = number + 1, following


def _sealed(cipher: AESGCM, number: int, plain: bytes | bytearray, *, last: bool, context: bytes) -> bytes:
    return cipher.encrypt(_nonce(number, last=last), bytes(plain), context)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _damaged() -> SealError:
    return SealError("a sealed file was changed, cut short or moved", "run fedaug site prepare again")
