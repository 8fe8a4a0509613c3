"""One byte string per value: the form in which things are hashed and signed."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, NoReturn

from fedaug.errors import ProtocolError


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - JSON's values have no common type
    """JSON with sorted keys, no spaces, UTF-8; NaN and infinities are refused.

    Raises:
        ProtocolError: The value holds a NaN, an infinity or a type that JSON lacks.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise ProtocolError("a value has no canonical form", "use finite numbers, text, lists and maps only") from None


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - as above
    """Strict JSON: UTF-8, no duplicate keys, no NaN or infinity.

    Raises:
        ProtocolError: The bytes are anything else.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise ProtocolError("a message is not strict JSON", "refuse it") from None


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # 1e999
        raise ValueError("not a finite number")
    return value


def _refuse(_: str) -> NoReturn:
    raise ValueError("not a finite number")
