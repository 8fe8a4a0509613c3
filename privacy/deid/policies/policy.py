"""A de-identification policy: what is done with each type of identifier that is found.

    policy = load_policy("hipaa-safe-harbor")
    policy.operator_for("DATE_TIME").operator    # 'year'

A policy decides what happens to a finding. It finds nothing itself, and what no recogniser finds stays as it is.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, model_validator

from fedaug.errors import ConfigError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.checked_toml import Settings
from fedaug.privacy.deid.entities import ENTITIES, near_types

Operator = Literal["keep", "redact", "mask", "surrogate", "encrypt", "shift", "year", "pool-age", "zip3", "hash-id"]
OPERATORS: Final[tuple[str, ...]] = get_args(Operator)

#: Which options an operator has; any other option beside it is refused, since it would be ignored.
_OPTIONS: Final[dict[str, frozenset[str]]] = {
    "redact": frozenset({"number"}),
    "mask": frozenset({"mask_with", "keep_first", "keep_last"}),
    "shift": frozenset({"max_shift_days", "whole_weeks"}),
    "year": frozenset({"oldest_year"}),
    "pool-age": frozenset({"pool_over", "band_years"}),
    "hash-id": frozenset({"length"}),
}

#: Which kinds of entity an operator can work on; an operator that is not listed works on all.
_KINDS: Final[dict[str, frozenset[str]]] = {
    "shift": frozenset({"date"}),
    "year": frozenset({"date"}),
    "pool-age": frozenset({"age"}),
    "zip3": frozenset({"place"}),
}


def plain_number(value: object) -> object:
    """The value, unless it is one that pydantic would only read as a number."""
    if isinstance(value, bool | str):  # pydantic would read true as 1 and "0.5" as 0.5
        raise ValueError("is not a number")
    return value


def _spelled_out(value: object) -> object:
    return {"operator": value} if isinstance(value, str) else value


def _readable(value: str) -> str:
    if not all(character.isprintable() or character == "\n" for character in value):  # it goes to terminals
        raise ValueError("holds a control character")
    return value


EntityType = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]*$", max_length=50)]
Threshold = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1)]
Prose = Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_readable)]


class OperatorChoice(Settings):
    """What is put in place of a finding. In TOML a name alone, or a table with options.

    Attributes:
        operator: One of

            - ``keep``: nothing is done. A finding that is kept is dropped before overlaps are resolved, so that it
              cannot shield an identifier inside it.
            - ``redact``: the type in brackets, such as ``[PERSON]``.
            - ``mask``: each letter and digit becomes ``mask_with``; separators stay.
            - ``surrogate``: an invented value of the same form, the same for the same subject everywhere.
            - ``encrypt``: a token that the site's key turns back (AES-GCM).
            - ``shift``: the date, moved by the subject's own number of days. **Not** Safe Harbor.
            - ``year``: the date's year alone, 45 CFR 164.514(b)(2)(i)(C).
            - ``pool-age``: the age, those above ``pool_over`` as one category (same paragraph).
            - ``zip3``: a ZIP code's first three digits, or 000 where fewer than 20,001 people live,
              164.514(b)(2)(i)(B). Of an address only that is left.
            - ``hash-id``: a keyed hash of the value.
        number: ``redact``: different values of one text get different tags, such as ``[PERSON_1]``, ``[PERSON_2]``.
        mask_with: ``mask``: the character that is put.
        keep_first: ``mask``: letters and digits at the start that stay.
        keep_last: ``mask``: letters and digits at the end that stay.
        max_shift_days: ``shift``: the most days, either way.
        whole_weeks: ``shift``: by whole weeks, so that weekdays stay.
        oldest_year: ``year``: an earlier year is taken out as well, since it would show an age over 89; None keeps all.
        pool_over: ``pool-age``: the highest age that is shown.
        band_years: ``pool-age``: the width of the bands in which other ages are shown; 1 shows them as they are.
        length: ``hash-id``: hexadecimal digits.
    """

    operator: Operator
    number: StrictBool = False
    mask_with: Annotated[str, Field(min_length=1, max_length=1)] = "*"
    keep_first: Annotated[StrictInt, Field(ge=0, le=8)] = 0
    keep_last: Annotated[StrictInt, Field(ge=0, le=8)] = 0
    max_shift_days: Annotated[StrictInt, Field(ge=7, le=3650)] = 365
    whole_weeks: StrictBool = False
    oldest_year: Annotated[StrictInt, Field(ge=1800, le=2200)] | None = None
    pool_over: Annotated[StrictInt, Field(ge=1, le=120)] = 89
    band_years: Annotated[StrictInt, Field(ge=1, le=50)] = 1
    length: Annotated[StrictInt, Field(ge=8, le=64)] = 16

    @model_validator(mode="after")
    def _own_options(self) -> Self:
        foreign = self.model_fields_set - {"operator"} - _OPTIONS.get(self.operator, frozenset())
        if foreign:
            raise ValueError(f"has {', '.join(sorted(foreign))}, which {self.operator} does not know")
        return self

    @property
    def keeps(self) -> bool:
        """Whether a finding stays in the text as it is."""
        return self.operator == "keep"


_TAG: Final = OperatorChoice(operator="redact")
_SLIP: Final = 0.8  # names this much alike (difflib) are one name, mistyped
Choice = Annotated[OperatorChoice, BeforeValidator(_spelled_out)]


class DeidPolicy(Settings):
    """What is found, and what is done with each type of finding.

    Attributes:
        name: How reports call it.
        description: What it does and what it is **not**.
        notes: What is printed wherever the policy was applied; :func:`load_policy` adds what the settings tell.
        extends: The built-in policy that it was made from; None for a policy that stands alone.
        default: What is done with a type that ``entities`` does not name. ``keep`` is for the types of
            :data:`fedaug.privacy.deid.entities.ENTITIES`: of a site's own it would keep what nobody decided to keep.
        entities: What is done, by type of identifier.
        thresholds: The least score that counts, by type, in place of the de-identifier's own.
        detect: The only types of ENTITIES that are looked for; None looks for all. A site's own types always are: they
            are found by what the site itself added.
        own_types: Types outside :data:`fedaug.privacy.deid.entities.ENTITIES` that the site's own recognisers find.
    """

    name: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    description: Prose
    notes: Annotated[tuple[Prose, ...], Field(max_length=20)] = ()
    extends: str | None = None
    default: Choice
    entities: dict[EntityType, Choice] = Field(default_factory=dict, max_length=200)
    thresholds: dict[EntityType, Threshold] = Field(default_factory=dict, max_length=200)
    detect: Annotated[tuple[EntityType, ...], Field(min_length=1, max_length=200)] | None = None
    own_types: Annotated[tuple[EntityType, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for setting, names in (("entities", self.entities), ("thresholds", self.thresholds), ("detect", self.detect)):
            for name in names or ():
                if name not in ENTITIES and name not in self.own_types:
                    near = " or ".join(near_types(name, self.own_types))
                    meant = f"use {near}; " if near else ""
                    raise ValueError(f"{setting}.{name} is no type of identifier ({meant}own_types lists a site's own)")
        for name, choice in self.entities.items():
            kinds = _KINDS.get(choice.operator)
            if kinds is not None and (name not in ENTITIES or ENTITIES[name].kind not in kinds):
                raise ValueError(f"entities.{name} cannot be treated with {choice.operator}")
        if self.default.operator in _KINDS:
            raise ValueError(f"default cannot be {self.default.operator}, which suits some types only")
        return self

    def operator_for(self, entity_type: str) -> OperatorChoice:
        """What is done with findings of a type. A type of a site's own is kept only where the policy names it."""
        unnamed = _TAG if self.default.keeps and entity_type not in ENTITIES else self.default
        return self.entities.get(entity_type, unnamed)

    def looks_for(self, entity_type: str) -> bool:
        """Whether findings of a type count at all."""
        return self.detect is None or entity_type in self.detect or entity_type not in ENTITIES

    def takes_out(self, entity_type: str) -> bool:
        """Whether findings of a type are looked for and then changed."""
        return self.looks_for(entity_type) and not self.operator_for(entity_type).keeps

    def require_taken_out(self, entity_type: str, setting: str) -> None:
        """Refuse a setting of the site's that names a type to take it out, where it would stay.

        Args:
            entity_type: The type that it names; one that fedaug does not know is the site's own.
            setting: How a message calls it, such as ``the column ward``.

        Raises:
            ConfigError: The policy keeps the type, or the name is nearly that of a type and so a slip.
        """
        meant = near_types(entity_type, cutoff=_SLIP)
        if entity_type not in ENTITIES and entity_type not in self.own_types and meant:
            raise ConfigError(
                f"{setting} names a type that is none, but nearly {meant[0]}",
                f"write {meant[0]}, or list the other in the policy's own_types",
            )
        if not self.takes_out(entity_type):
            raise ConfigError(
                f"{setting} is to take out {entity_type}, which the policy {self.name} leaves in the text",
                "name the type in a policy of your own, give a type of your own, or take the setting out",
            )

    def threshold_for(self, entity_type: str, otherwise: float = 0.0) -> float:
        """The least score that counts for a type."""
        return self.thresholds.get(entity_type, otherwise)

    @property
    def needs_surrogate_key(self) -> bool:
        """Whether any operator draws on the site's secret key."""
        return self._uses({"surrogate", "shift", "hash-id"})

    @property
    def needs_encryption_key(self) -> bool:
        """Whether any operator encrypts."""
        return self._uses({"encrypt"})

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits, the same for the same policy: two texts with the same one were treated alike."""
        return digest(canonical_json(self.model_dump(mode="json")))

    def _uses(self, operators: set[str]) -> bool:
        return any(choice.operator in operators for choice in (self.default, *self.entities.values()))
