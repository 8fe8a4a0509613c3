"""How one opaque byte string rides in a Flower message, for both ends of the wire.

The bytes are the whole payload: one array of type uint8 whose data are the bytes themselves. Flower's own array form
puts a NumPy file there, whose header would have to be parsed, and whose stated size allocated, before it is checked.
"""

from __future__ import annotations

from typing import Final

from flwr.app import Array, ArrayRecord, RecordDict

from fedaug.errors import ProtocolError
from fedaug.privacy.limits import LIMITS

#: The one action that a site answers.
ACTION: Final = "fedaug"
MESSAGE_TYPE: Final = f"query.{ACTION}"

_RECORD: Final = "fedaug"
_ARRAY: Final = "bytes"
_DTYPE: Final = "uint8"
_FORM: Final = "fedaug.bytes"  # not Flower's "numpy.ndarray": nobody may be led to parse it as a NumPy file


def pack(data: bytes) -> RecordDict:
    """Bytes as the content of a Flower message.

    Raises:
        ProtocolError: There are more than ``LIMITS.message_bytes``.
    """
    if len(data) > LIMITS.message_bytes:
        raise ProtocolError("a message is over the size limit", "send less at once")
    array = Array(dtype=_DTYPE, shape=(len(data),), stype=_FORM, data=bytes(data))
    return RecordDict({_RECORD: ArrayRecord({_ARRAY: array})})


def unpack(content: RecordDict) -> bytes:
    """The bytes of a message's content, whose origin is not trusted.

    Raises:
        ProtocolError: The content is anything but what :func:`pack` makes, or is over the limit.
    """
    todo = "refuse the message"
    record = content[_RECORD] if list(content) == [_RECORD] else None
    if not isinstance(record, ArrayRecord) or list(record) != [_ARRAY]:
        raise ProtocolError("a message does not hold exactly one byte string", todo)
    array = record[_ARRAY]
    if len(array.data) > LIMITS.message_bytes:
        raise ProtocolError("a message is over the size limit", todo)
    if (array.dtype, tuple(array.shape), array.stype) != (_DTYPE, (len(array.data),), _FORM):
        raise ProtocolError("a message's byte string contradicts its own description", todo)
    return array.data
