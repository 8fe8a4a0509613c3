"""How a message is written as bytes, and read back from bytes of untrusted origin.

A message is a safetensors file: named tensors, and beside them one canonical JSON object under the metadata key
``fedaug``. Nothing else is ever parsed, so a message cannot carry code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.base import Message

_M = TypeVar("_M", bound=Message)
Tensors = Mapping[str, NDArray[Any]]
_DTYPES: Final = frozenset({"F64", "F32", "I64", "I32"})
_METADATA: Final = "fedaug"


def encode(message: Message, tensors: Tensors | None = None) -> bytes:
    """A message as bytes; equal messages give equal bytes."""
    text = canonical_json(message.model_dump(mode="json")).decode()
    arrays = {name: np.ascontiguousarray(values) for name, values in (tensors or {}).items()}
    return safetensors.save(arrays, metadata={_METADATA: text})


def decode(adapter: TypeAdapter[_M], data: bytes) -> tuple[_M, Tensors]:
    """Read a message of untrusted origin.

    Args:
        adapter: Of the closed set of messages that it may be one of.
        data: The bytes.

    Raises:
        ProtocolError: The bytes are too many, malformed, none of these messages, or hold a value that is not finite.
    """
    values, tensors = _open(data)
    return _canonical(_validated(adapter, values), tensors, data), tensors


def _validated(adapter: TypeAdapter[_M], values: object) -> _M:
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"][:2])
        raise ProtocolError(f"a message's field is malformed ({where or 'whole message'})", "refuse it") from None


def _canonical(message: _M, tensors: Tensors, data: bytes) -> _M:
    """The message, if these are its bytes: with one way to write it, what is hashed and signed says one thing only."""
    try:
        same = encode(message, tensors) == data
    except (ValueError, RecursionError):  # a value nested too deep, or text that is no Unicode
        same = False
    if not same:
        raise ProtocolError("a message is not in canonical form", "refuse it")
    return message


def _open(data: bytes) -> tuple[Any, Tensors]:
    todo = "refuse the message"
    if len(data) > LIMITS.message_bytes:
        raise ProtocolError("a message is over the size limit", todo)
    size = int.from_bytes(data[:8], "little") if len(data) >= 8 else 0
    if not 2 <= size <= min(LIMITS.header_bytes, len(data) - 8):
        raise ProtocolError("a message's header is malformed", todo)
    if data.count(b"[", 8, 8 + size) + data.count(b"{", 8, 8 + size) > LIMITS.message_values:
        raise ProtocolError("a message holds more values than any message needs", todo)
    header = parse_json(data[8 : 8 + size])
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__"), dict):
        raise ProtocolError("a message's header is malformed", todo)
    text = header["__metadata__"].get(_METADATA)
    if not isinstance(text, str):
        raise ProtocolError("a message holds no fedaug object", todo)
    described = [part for name, part in header.items() if name != "__metadata__"]
    if len(described) > LIMITS.message_tensors:
        raise ProtocolError("a message holds more tensors than any message has", todo)
    if not all(isinstance(part, dict) and str(part.get("dtype")) in _DTYPES for part in described):
        raise ProtocolError("a message holds a tensor of a type that is not allowed", todo)
    try:
        tensors = safetensors.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise ProtocolError("a message's tensors are malformed", todo) from None
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise ProtocolError("a message holds a value that is not finite", todo)
    return parse_json(text.encode()), tensors
