"""Samples as a release bundle hands them over: one canonical JSON object a line, each text under its own hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, pairwise
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from fedaug.errors import ProtocolError
from fedaug.privacy.bundle.manifest import Part
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import HexDigest

_MOST_FAULTS: Final = 100


class Sample(Part):
    """One sample.

    Attributes:
        sample_id: SHA-256 of the text.
        dependence: What it depends on; what depends on records without a mechanism in between has no name here.
        weight: How much it counts in training.
        origin: The plug-in that made it.
        source: The corpus or model that it was made from.
        parents: Ids of the samples that it was made from.
    """

    sample_id: HexDigest
    text: Annotated[str, Field(min_length=1, max_length=LIMITS.record_chars)]
    label: Annotated[str, Field(max_length=LIMITS.label_chars)]
    weight: Annotated[float, Field(ge=0)]
    origin: Annotated[str, Field(max_length=LIMITS.label_chars)]
    source: Annotated[str, Field(max_length=LIMITS.record_chars)]
    dependence: Literal["public", "dp"]
    parents: Annotated[list[HexDigest], Field(max_length=LIMITS.candidates)]


def encode_samples(samples: Iterable[Mapping[str, Any]]) -> bytes:
    """The samples' file, sorted, from their fields.

    Raises:
        ProtocolError: A sample is malformed, or there twice.
    """
    try:
        lines = sorted(canonical_json(Sample.model_validate(dict(sample)).model_dump()) for sample in samples)
    except ValidationError:
        raise ProtocolError("a sample cannot be released as it stands in the pool", "withdraw it") from None
    return b"".join(line + b"\n" for line in lines)


def count_samples(data: bytes) -> int:
    """How many samples a file holds."""
    return data.count(b"\n")


def sample_faults(data: bytes) -> Iterator[str]:
    """What is wrong with a file of samples of untrusted origin, by line number; no word of a text."""
    *lines, rest = data.split(b"\n")
    if rest:
        yield "the last line is cut off"
    if any(not first < second for first, second in pairwise(lines)):
        yield "a sample is there twice or out of order"
    faults = ((number, _line_fault(line)) for number, line in enumerate(lines, start=1))
    yield from islice((f"line {number}: {fault}" for number, fault in faults if fault), _MOST_FAULTS)


def _line_fault(line: bytes) -> str | None:
    try:
        values = parse_json(line)
        sample = Sample.model_validate(values)
    except (ProtocolError, ValidationError):
        return "it is no sample"
    if canonical_json(values) != line:
        return "it is not in canonical form"
    return None if digest(sample.text.encode()) == sample.sample_id else "its text is not the one of its id"
