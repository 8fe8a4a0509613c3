"""JSON files out of a bundle of untrusted origin, held to a form before anything is made of them."""

from __future__ import annotations

from typing import Any

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import ASK_AGAIN


def json_values(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object: strict, no key twice, no NaN, and no more values than such a file needs.

    Args:
        data: The file.
        what: Names it in an error.

    Raises:
        ProtocolError: It is anything else.
    """
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > LIMITS.release_values:  # each takes far more than a byte
        raise ProtocolError(f"a release bundle's {what} holds more values than any needs", ASK_AGAIN)
    try:
        values = parse_json(data)
    except ProtocolError:
        raise ProtocolError(f"a release bundle's {what} is no strict JSON", ASK_AGAIN) from None
    if not isinstance(values, dict):
        raise ProtocolError(f"a release bundle's {what} is no JSON object", ASK_AGAIN)
    return values


def canonical_values(data: bytes, what: str) -> dict[str, Any]:
    """As :func:`json_values`, of a file that has one form only.

    Raises:
        ProtocolError: It is anything else, or not in canonical form.
    """
    values = json_values(data, what)
    if canonical_json(values) != data:
        raise ProtocolError(f"a release bundle's {what} is not in canonical form", ASK_AGAIN)
    return values
