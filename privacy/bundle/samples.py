"""Samples as a release bundle hands them over: one canonical JSON object a line, each text under its own hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

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
        dependence: What it depends on; what depends on records without a mechanism in between has no name here. Null
            for a sample outside DP.
        outside_dp: Whether it left its site in a batch that a gate of class S picked, or was made of a sample that did:
            no ε holds for it.
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
    dependence: Literal["public", "dp"] | None
    outside_dp: bool
    parents: Annotated[list[HexDigest], Field(max_length=LIMITS.candidates)]

    @model_validator(mode="after")
    def _outside_dp_depends_on_more(self) -> Self:
        if (self.dependence is None) != self.outside_dp:
            raise ValueError("what a sample outside DP depends on has no name")
        return self


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


def count_outside_dp(data: bytes) -> int:
    """How many samples of a file of our own making are outside DP."""
    return sum(Sample.model_validate(parse_json(line)).outside_dp for line in data.splitlines())


def sample_faults(data: bytes, *, outside_dp: int, sites: Collection[str]) -> Iterator[str]:
    """What is wrong with a file of samples of untrusted origin, by line number; no word of a text.

    Args:
        data: The file.
        outside_dp: How many of its samples are said to be outside DP.
        sites: Those that are said to have let out samples outside DP.
    """
    *lines, rest = data.split(b"\n")
    if rest:
        yield "the last line is cut off"
    if any(not first < second for first, second in pairwise(lines)):
        yield "a sample is there twice or out of order"
    read = [_read_line(line) for line in lines]
    faults = (f"line {number}: {found}" for number, found in enumerate(read, start=1) if isinstance(found, str))
    yield from islice(faults, _MOST_FAULTS)
    yield from _mark_faults([one for one in read if isinstance(one, Sample)], outside_dp, sites)


def _mark_faults(samples: Sequence[Sample], outside_dp: int, sites: Collection[str]) -> Iterator[str]:
    """Marks that are not as many as are said, that no site's batch accounts for, or that a sample's origin belies."""
    marked = [sample for sample in samples if sample.outside_dp]
    ids = {sample.sample_id for sample in marked}
    if len(marked) != outside_dp:
        yield f"{len(marked):,} of them are outside DP, and the manifest says {outside_dp:,}"
    if marked and not sites:
        yield "some are outside DP, and no site is said to have let any out"
    for number, sample in enumerate(samples, start=1):
        if not sample.outside_dp and not ids.isdisjoint((sample.sample_id, *sample.parents)):
            yield f"sample {number} is a text outside DP or made of one, and does not say so"
            return


def _read_line(line: bytes) -> Sample | str:
    """The sample of a line, or what is wrong with it."""
    try:
        values = parse_json(line)
        sample = Sample.model_validate(values)
    except (ProtocolError, ValidationError):
        return "it is no sample"
    if canonical_json(values) != line:
        return "it is not in canonical form"
    return sample if digest(sample.text.encode()) == sample.sample_id else "its text is not the one of its id"
