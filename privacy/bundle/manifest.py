"""What a release bundle's maker signs: every file's hash, what made them, for whom, on whose word, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import ProtocolError
from fedaug.privacy.bundle.container import NEEDED, OPTIONAL
from fedaug.privacy.bundle.values import canonical_values
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import Role
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import ASK_AGAIN
from fedaug.privacy.transparency.heads import HexDigest, Origin

#: Changes whenever the bundle's form or meaning changes.
FORMAT: Final = "fedaug-release/1"

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_MANIFEST_BYTES: Final = 2**20


def _is_time(text: str) -> str:
    datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    return text


def _is_printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("not plain text")
    return text


def _has_place(name: str) -> str:
    if name not in NEEDED | OPTIONAL:
        raise ValueError("not a file of a bundle")
    return name


#: A second, UTC, written in one form, so that times compare as text.
Time = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"), AfterValidator(_is_time)]
#: A name that people gave: an agreement's, a recipient's.
Words = Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars * 2), AfterValidator(_is_printable)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]


def time_text(seconds: float) -> str:
    """A time in seconds since 1970, UTC, as a manifest writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


class Part(BaseModel):
    """What every part of a manifest shares: frozen, closed, and never quoting its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False)


Kind = TypeVar("Kind", bound=Part)


class FileFact(Part):
    """One file: its length in bytes, and its SHA-256."""

    size: Annotated[int, Field(ge=0, le=LIMITS.release_file_bytes)]
    sha256: HexDigest

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The facts of a file's content."""
        return cls(size=len(content), sha256=digest(content))


class CodeFact(Part):
    """The program that made the bundle.

    Attributes:
        files: How many files the package has as it is installed.
        sha256: Of the canonical JSON of {path within the package: SHA-256 of the file}.
    """

    package: Words
    version: Words
    files: Count
    sha256: HexDigest


class ModelFact(Part):
    """Pretrained weights that the campaign or its vetting rests on."""

    name: Words
    file: Words
    sha256: HexDigest


class GateFact(Part):
    """A gate that looked at the samples.

    Attributes:
        gate_class: What it reads: F public data, D records through a charged mechanism, S records exactly.
        decides: Whether a sample that it refused stayed behind. A gate of class S decides only by a site's policy.
    """

    gate: Words
    gate_class: Literal["F", "D", "S"]
    decides: bool


class SignerFact(Part):
    """Who signs: a member of the consortium, by name, role and key."""

    name: Origin
    role: Annotated[Role, Field(strict=False)]
    key_id: HexDigest


class Manifest(Part):
    """All that is signed. What a file says is bound by its hash.

    Attributes:
        campaign: Its id.
        plan: SHA-256 of the plan that every site agreed to.
        created: When the bundle was made.
        expires: From then on nobody may rely on it.
        agreement: Under which it is handed on.
        approver: The person who let it go.
        recipient: For whom it is.
        simulated: Whether sites were virtual ones in one place.
        files: Every file but the manifest and its signature.
        config: SHA-256 of the campaign's settings as canonical JSON; null without a report to hold them.
        policies: Site -> SHA-256 of its policy: the tables privacy, policy, samples and deid of its settings, as
            canonical JSON.
        outside_dp: Sites whose samples a gate of class S has picked, so that no ε holds for them.
        samples: How many samples the bundle hands over.
        samples_outside_dp: How many of those no ε holds for.
    """

    format: Literal["fedaug-release/1"] = FORMAT
    campaign: Name
    plan: HexDigest
    created: Time
    expires: Time
    agreement: Words
    approver: Words
    recipient: Words
    signer: SignerFact
    simulated: bool
    files: dict[Annotated[str, AfterValidator(_has_place)], FileFact]
    code: CodeFact
    models: Annotated[list[ModelFact], Field(max_length=100)]
    config: HexDigest | None
    policies: Annotated[dict[Origin, HexDigest], Field(max_length=LIMITS.sites)]
    gates: Annotated[list[GateFact], Field(max_length=100)]
    outside_dp: Annotated[list[Origin], Field(max_length=LIMITS.sites)]
    samples: Count
    samples_outside_dp: Count


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes that are signed."""
    return canonical_json(manifest.model_dump(mode="json"))


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest of untrusted origin.

    Raises:
        ProtocolError: The bytes are too many, malformed, or not in canonical form.
    """
    found = read_part(Manifest, data, "manifest", _MANIFEST_BYTES)
    if not found.created < found.expires:
        raise ProtocolError("a release bundle expires before it was made", ASK_AGAIN)
    return found


def facts_of(files: Mapping[str, bytes]) -> dict[str, FileFact]:
    """The facts of several files, by name."""
    return {name: FileFact.of(content) for name, content in sorted(files.items())}


def read_part(kind: type[Kind], data: bytes, what: str, most: int) -> Kind:
    """Read a file of a bundle that has one form only, of untrusted origin.

    Args:
        kind: What it has to be.
        data: The file.
        what: Names it in an error.
        most: Bytes that it may have.

    Raises:
        ProtocolError: The bytes are too many, malformed, or not in canonical form.
    """
    if len(data) > most:
        raise ProtocolError(f"a release bundle's {what} is over the size limit", ASK_AGAIN)
    try:
        found = kind.model_validate(canonical_values(data, what))
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][:1]
        # The name of an unknown field came from outside, so only known names are repeated.
        field = where[0] if where and where[0] in kind.model_fields else "whole"
        raise ProtocolError(f"a release bundle's {what} is malformed ({field})", ASK_AGAIN) from None
    if canonical_json(found.model_dump(mode="json")) != data:  # a field with a default was left out
        raise ProtocolError(f"a release bundle's {what} is malformed (whole)", ASK_AGAIN)
    return found
