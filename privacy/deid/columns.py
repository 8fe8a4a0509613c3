"""What is done with the columns beside the text, and which of their values are looked for in it.

    policy = ColumnPolicy.model_validate({"columns": {"ward": "keep", "patient_name": "PERSON"}})
    policy.known({"ward": "3B", "patient_name": "Ann Lee"})      # (Known of a PERSON,)
    policy.applied(values, replace)                              # a new mapping; ``values`` is as it was

A column that nobody names never passes as if it had been looked at: it is left out, or kept because the site says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from fedaug.privacy.checked_toml import Settings
from fedaug.privacy.deid.document import Known
from fedaug.privacy.deid.policies.policy import DeidPolicy, EntityType

Value: TypeAlias = str | float | None
_ACTIONS: Final = frozenset({"keep", "drop", "replace", "text"})
_LEAST_CHARS: Final = 2  # of a value that is looked for: a single letter is everywhere
_MOST_CHARS: Final = 500


def _spelled_out(value: object) -> object:
    if not isinstance(value, str):
        return value
    return {"action": value} if value in _ACTIONS else {"action": "replace", "entity_type": value}


class ColumnChoice(Settings):
    """What is done with one column. In TOML an action or a type of identifier alone, or a table.

    Attributes:
        action: ``keep`` it as it is, ``drop`` it, ``replace`` the whole cell as the policy does with ``entity_type``,
            or de-identify it as free ``text``.
        entity_type: What the cell is.
        look_for: Whether the cell's value is looked for in the record's text. By default it is where ``entity_type`` is
            given.
    """

    action: Literal["keep", "drop", "replace", "text"]
    entity_type: EntityType | None = None
    look_for: StrictBool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.action == "replace" and self.entity_type is None:
            raise ValueError("is to be replaced, which needs entity_type")
        if self.action == "text" and self.entity_type is not None:
            raise ValueError("is free text, which has no entity_type of its own")
        if self.look_for and self.entity_type is None:
            raise ValueError("is to be looked for, which needs entity_type")
        return self

    @property
    def sought_as(self) -> str | None:
        """The type as which the cell's value is looked for in the text; None if it is not."""
        return None if self.look_for is False else self.entity_type


class ColumnPolicy(Settings):
    """What is done with every column.

    Attributes:
        columns: By name.
        other_columns: What is done with columns that are not named.
    """

    columns: dict[str, Annotated[ColumnChoice, BeforeValidator(_spelled_out)]] = Field(
        default_factory=dict, max_length=1_000
    )
    other_columns: Literal["drop", "keep"] = "drop"

    def known(self, values: Mapping[str, Any]) -> tuple[Known, ...]:
        """The values of a record that are looked for in its text, in the order of the policy."""
        found = (
            Known(text, choice.sought_as)
            for name, choice in self.columns.items()
            if choice.sought_as is not None and (text := as_text(values.get(name)))
        )
        return tuple(dict.fromkeys(known for known in found if _LEAST_CHARS <= len(known.value) <= _MOST_CHARS))

    def require_effect(self, policy: DeidPolicy) -> None:
        """Refuse to replace a column, or to look for what it holds, where the policy leaves that type as it is.

        Raises:
            ConfigError: A column's type is one that the policy keeps, or is mistyped.
        """
        for name, choice in self.columns.items():
            entity_type = choice.entity_type if choice.action == "replace" else choice.sought_as
            if entity_type is not None:
                policy.require_taken_out(entity_type, f"the column {name}")

    def kept(self, names: Iterable[str]) -> dict[str, str | None]:
        """Of some columns, and of those that are named with a type, the ones kept as they are, with that type."""
        typed = (name for name, choice in self.columns.items() if choice.entity_type is not None)
        return {
            name: self.columns[name].entity_type if name in self.columns else None
            for name in dict.fromkeys((*names, *typed))
            if self._action(name) == "keep"
        }

    def texts(self, values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
        """Columns of free text, with what is in them where there is something."""
        for name, value in values.items():
            text = as_text(value)
            if self._action(name) == "text" and text:
                yield name, text

    def applied(
        self,
        values: Mapping[str, Value],
        replace: Callable[[str, str], str],
        texts: Mapping[str, str] | None = None,
    ) -> dict[str, Value]:
        """The columns as they may be kept. ``values`` is not changed, and a missing value stays missing.

        Args:
            values: A record's columns.
            replace: What stands in place of a whole cell: of its text and its type.
            texts: Columns of free text after de-identification; one that is missing is left out.
        """
        done = texts or {}
        kept: dict[str, Value] = {}
        for name, value in values.items():
            action, text = self._action(name), as_text(value)
            if action == "keep" or (not text and action != "drop"):
                kept[name] = value
            elif action == "replace" and (entity_type := self.columns[name].entity_type):
                kept[name] = replace(text, entity_type)
            elif action == "text" and name in done:
                kept[name] = done[name]
        return kept

    def _action(self, name: str) -> str:
        return self.columns[name].action if name in self.columns else self.other_columns


def as_text(value: Value) -> str:
    """A cell as text without outer blanks; a whole number without its point, since that is how texts write it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
