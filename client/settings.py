"""A site's settings: ``site.toml``, checked as a whole before anything is read or sent.

settings = SiteSettings.load(folder)
settings.privacy.budget            # Budget(epsilon=4.0, delta=1e-05)
settings.source_path(folder)       # where the records are
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from fedaug.augmentation.language.loading import EMBEDDED
from fedaug.client.records import ColumnMap, LabelType, OnBadRow, SourceFormat
from fedaug.client.records.schema import ColumnName
from fedaug.client.settings_file import render
from fedaug.errors import ConfigError, FedaugError, InvalidBudget, ProtocolError
from fedaug.privacy.checked_toml import Settings, one_line, problems_of, read_toml
from fedaug.privacy.deid.additions import SiteAdditions
from fedaug.privacy.deid.columns import ColumnPolicy
from fedaug.privacy.deid.policies import DEFAULT_POLICY
from fedaug.privacy.events import ALLOWED_BY_DEFAULT, CHARGED, ReleaseKind
from fedaug.privacy.files import private_folder, whole_file
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.messages import TrustModel
from fedaug.strategies.vetting.options import GateSetting, NamedGate

FILE_NAME: Final = "site.toml"
_NO_BUDGET: Final = "invalid_budget"


def _no_bool(value: object) -> object:
    if isinstance(value, bool):  # pydantic would read true as 1
        raise ValueError("is not a number")
    return value


def _epsilon(value: object) -> object:
    if value == "inf":
        return math.inf
    if isinstance(value, str):
        raise ValueError("is not a number")
    return _no_bool(value)


def _usable_key(value: str) -> str:
    try:
        public_key_of(value)
    except ProtocolError:
        raise ValueError("is not a public key of 64 hexadecimal digits") from None
    return value


Number = Annotated[float, BeforeValidator(_no_bool)]
Label = Annotated[str, Field(min_length=1, max_length=LIMITS.label_chars)]


class SourceSettings(Settings):
    """Where the records are and how they are read."""

    path: Path
    format: SourceFormat | None = None
    on_bad_row: OnBadRow = OnBadRow.STOP
    label_type: LabelType = LabelType.CLASS
    labels: Annotated[tuple[Label, ...], Field(min_length=1, max_length=LIMITS.labels)] | None = None
    unknown_labels: OnBadRow = OnBadRow.STOP
    min_records: Annotated[StrictInt, Field(ge=1)] = 2
    columns: ColumnMap

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.labels is not None and self.label_type is not LabelType.CLASS:
            raise ValueError('has a label set, which only label_type = "class" can have')
        return self


class PrivacySettings(Settings):
    """What the site promises the people in its records. There is no default for ε and δ: they are a decision."""

    unit: PrivacyUnit = PrivacyUnit.RECORD
    epsilon: Annotated[float, BeforeValidator(_epsilon), Field(gt=0)]
    delta: Annotated[Number, Field(gt=0, lt=1)]
    reply_interval_s: Annotated[Number, Field(ge=0, le=600)] = 0.5

    @property
    def budget(self) -> Budget:
        """The most that all campaigns together may spend."""
        return Budget(self.epsilon, self.delta)


class PolicySettings(Settings):
    """What the site takes part in. A coordinator cannot loosen it."""

    trust_models: tuple[TrustModel, ...] = (TrustModel.LOCAL,)
    release_kinds: tuple[ReleaseKind, ...] = tuple(sorted(ALLOWED_BY_DEFAULT))
    allow_noise_off: StrictBool = False
    max_candidates: Annotated[StrictInt, Field(ge=1, le=LIMITS.candidates)] = LIMITS.candidates

    @model_validator(mode="after")
    def _charged(self) -> Self:
        if not set(self.release_kinds) <= CHARGED:
            raise ValueError("lists a release kind that carries no noise of its own")
        return self


class SamplesSettings(Settings):
    """Which texts the site offers, if any, and what it looks for in them. A coordinator cannot loosen it."""

    generators: tuple[Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)], ...] = ()
    corpora: tuple[Annotated[str, Field(min_length=1, max_length=1_000)], ...] = ()
    gates: tuple[NamedGate, ...] = tuple(
        GateSetting(gate=name) for name in ("length", "repetition", "duplicate", "identifier")
    )
    site_gates_block: StrictBool = False
    copied_words: Annotated[StrictInt, Field(ge=8, le=50)] = 8
    least_distance: Annotated[Number, Field(ge=0, le=2)] = 0.1
    planted: Path | None = None
    used_surrogates: StrictBool = False


class AdaptationSettings(Settings):
    """Which language model may be adapted to the site's records, and how much work that may be."""

    allowed: StrictBool = True
    model: Annotated[str, Field(min_length=1, max_length=1_000)] = EMBEDDED
    share: StrictBool = True
    max_steps: Annotated[StrictInt, Field(ge=1, le=LIMITS.adaptation_steps)] = 2_000
    max_tokens: Annotated[StrictInt, Field(ge=2, le=LIMITS.adaptation_tokens)] = 512
    threads: Annotated[StrictInt, Field(ge=0, le=256)] = 0
    reply_interval_s: Annotated[Number, Field(ge=0, le=86_400)] = 60.0


class ConsortiumSettings(Settings):
    """Whom the site listens to."""

    authority: Annotated[str, AfterValidator(_usable_key)] | None = None

    @property
    def authority_key(self) -> Ed25519PublicKey | None:
        """The key that signs enrolment lists."""
        return None if self.authority is None else public_key_of(self.authority)


class DeidSettings(ColumnPolicy, SiteAdditions):
    """How records are de-identified before they are stored, with what the site adds and what it says of columns."""

    policy: Annotated[str, Field(min_length=1, max_length=1_000)] = DEFAULT_POLICY
    language: Annotated[str, Field(pattern="^([a-z]{2}|auto)$")] = "en"
    language_column: ColumnName | None = None
    score_threshold: Annotated[Number, Field(ge=0, le=1)] = 0.0
    processes: Annotated[StrictInt, Field(ge=1, le=256)] = 1

    @property
    def additions(self) -> SiteAdditions:
        """What the site adds to the recognisers."""
        return SiteAdditions(**{name: getattr(self, name) for name in SiteAdditions.model_fields})


class SiteSettings(Settings):
    """Everything in ``site.toml``."""

    name: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LIMITS.name_chars)]
    source: SourceSettings
    privacy: PrivacySettings
    policy: PolicySettings = PolicySettings()
    samples: SamplesSettings = SamplesSettings()
    adaptation: AdaptationSettings = AdaptationSettings()
    consortium: ConsortiumSettings = ConsortiumSettings()
    deid: DeidSettings = DeidSettings()

    @model_validator(mode="after")
    def _columns_are_mapped(self) -> Self:
        columns = self.source.columns
        if self.deid.language_column is not None and self.deid.language_column not in columns.attributes:
            raise ValueError("deid.language_column: is not one of source.columns.attributes")
        for name, choice in self.deid.columns.items():
            if name == columns.text:
                raise ValueError("deid.columns: names the text column, which is always de-identified")
            if name in columns.attributes:
                continue
            if name not in (columns.record_id, columns.subject_id, columns.label):
                raise ValueError("deid.columns: names a column that is not one of source.columns.attributes")
            if choice.action != "keep":
                raise ValueError("deid.columns: only keep is possible for a record's id, subject and label")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.privacy.unit is PrivacyUnit.SUBJECT and self.source.columns.subject_id is None:
            raise ValueError('privacy.unit = "subject" needs source.columns.subject_id')
        if self.privacy.budget.noise_off and not self.policy.allow_noise_off:
            raise PydanticCustomError(
                _NO_BUDGET, "privacy.epsilon is infinite, which needs policy.allow_noise_off = true"
            )
        return self

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read and check a site's settings.

        Args:
            folder: The site's folder, which holds ``site.toml``.

        Raises:
            ConfigError: The file is missing or malformed, or a setting is wrong, missing or unknown.
            InvalidBudget: ``privacy.epsilon`` or ``privacy.delta`` is no budget.
        """
        return cls.checked(_parsed(folder / FILE_NAME))

    @classmethod
    def checked(cls, values: dict[str, Any]) -> Self:
        """Settings from plain values, as TOML gives them.

        Raises:
            ConfigError, InvalidBudget: As for :meth:`load`. The message names settings by path, and quotes no value.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _explained(error) from None

    @classmethod
    def create(cls, folder: Path, **settings: Any) -> Self:  # noqa: ANN401 - a setting's type is its own
        """Write a new ``site.toml``, every setting in it with a comment.

        Args:
            folder: The site's folder, made if need be.
            **settings: By dotted name with ``__`` for the dot, such as ``privacy__epsilon=2.0``; None leaves a setting
                out. ``name``, ``source__path`` and ``source__columns__text`` are needed. A relative ``source__path``
                starts at the working directory. ε and δ are 4 and 1e-5 unless they are given.

        Raises:
            ConfigError: The folder holds a ``site.toml`` already, or a setting is wrong.
            InvalidBudget: The budget is none.
        """
        values: dict[str, Any] = {"privacy": {"epsilon": 4.0, "delta": 1e-5}}
        for dotted, value in settings.items():
            if value is not None:
                _put(values, dotted.split("__"), value)
        found = cls.checked(values)
        absolute = found.source.model_copy(update={"path": found.source.path.absolute()})
        found = found.model_copy(update={"source": absolute})
        found.write(folder)
        return found

    def write(self, folder: Path) -> Path:
        """Write these settings as a commented ``site.toml``, which :meth:`load` reads back as equal.

        Raises:
            ConfigError: There is one already, or a value is not Unicode.
        """
        path = private_folder(folder) / FILE_NAME
        try:
            data = render(self.model_dump(mode="json")).encode()
            with whole_file(path, overwrite=False) as file:
                file.write(data)
        except FileExistsError:
            raise ConfigError(
                "the folder holds a site already", "choose another folder, or edit its site.toml"
            ) from None
        except UnicodeEncodeError:
            raise ConfigError("a setting is not Unicode text", "rename the file or column") from None
        return path

    def source_path(self, folder: Path) -> Path:
        """Where the records are; a relative ``source.path`` starts at the site's folder."""
        return folder / self.source.path


def _put(values: dict[str, Any], path: list[str], value: object) -> None:
    *tables, last = path
    for name in tables:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigError("a setting is given both as a value and as a table", "give it once")
    values[last] = value


def _parsed(path: Path) -> dict[str, Any]:
    folder = path.parent
    missing = ConfigError(
        f"{folder} is not a site's folder (it has no {FILE_NAME})",
        "check the path, or make a site with fedaug site init",
    )
    if folder.is_file():
        missing = ConfigError(f"{folder} is a file", "name the site's folder")
    return read_toml(path, FILE_NAME, missing=missing)


def _explained(error: ValidationError) -> FedaugError:
    """One line that names each wrong setting, and no value."""
    problems = problems_of(error)
    budget = all(
        problem["type"] == _NO_BUDGET
        or (problem["loc"] in (("privacy", "epsilon"), ("privacy", "delta")) and problem["type"] != "missing")
        for problem in problems
    )
    what = one_line(problems)
    if budget:
        return InvalidBudget(what, "give ε > 0 and 0 < δ < 1 in site.toml")
    return ConfigError(what, "correct site.toml")
