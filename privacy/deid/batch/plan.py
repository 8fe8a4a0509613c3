"""What is done with each column of a file, and how a row becomes documents and comes back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fedaug.errors import ConfigError, EmptySource, MalformedRow, MissingColumn
from fedaug.privacy.deid.batch.formats import Row, Source
from fedaug.privacy.deid.columns import ColumnPolicy, as_text
from fedaug.privacy.deid.document import Document, Known
from fedaug.privacy.deid.language import language_code

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_NAMES: Final = 20
_SEPARATORS: Final = {";": ";", "\t": "tab", "|": "|"}
_PLAIN: Final = (str, int, float, type(None))  # a bool is an int


@dataclass(frozen=True)
class Columns:
    """Which column is what.

    Attributes:
        text: Columns of free text; the first must be there.
        policy: What is done with the others.
        subject: The column of whom a record is about; the same subject gets the same surrogates.
        language: The column of a record's language.
    """

    text: tuple[str, ...]
    policy: ColumnPolicy = field(default_factory=ColumnPolicy)
    subject: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        named = set(self.text) & set(self.policy.columns)
        if not self.text or named or len(set(self.text)) < len(self.text):
            raise ConfigError("a text column is given twice, or none is", "name each column once")

    def require(self, source: Source) -> None:
        """Check a file's header, if it has one.

        Raises:
            MissingColumn: A named column is not in it.
        """
        if source.columns is None:
            return
        if missing := sorted(self._named() - {*source.columns}):
            raise MissingColumn(f"the source has no column {missing[0]}", column_hint(source.columns))

    def checked(self, source: Source) -> int:
        """Read all rows of a file as they will be read, and count them.

        Raises:
            InputError: What is wrong with the first bad one.
            MissingColumn: A named column is in no row.
            EmptySource: There is none.
        """
        count, missing = 0, self._named()
        for row in source.rows():
            self.documents(row)
            missing -= row.values.keys()
            count += 1
        if not count:
            raise EmptySource("the source holds no record", "check the file")
        if missing:
            raise MissingColumn(f"no row of the source has the column {min(missing)}", "check how it is spelled")
        return count

    def kept(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Those columns of a header that the output has, in its order."""
        return tuple(name for name in columns if name in self.text or self._action(name) != "drop")

    def dropped(self, columns: Iterable[str]) -> int:
        """How many columns are left out though nobody said so."""
        if self.policy.other_columns != "drop":
            return 0
        return sum(name not in self.text and name not in self.policy.columns for name in columns)

    def documents(self, row: Row) -> dict[str, Document]:
        """What is de-identified of a row, by column.

        Raises:
            MalformedRow: The row lacks its text, or a column that is looked at holds a list or an object.
        """
        if self.text[0] not in row.values:
            what = f"line {row.line} of the source has no column {self.text[0]}"
            raise MalformedRow(what, column_hint(tuple(row.values)))
        looked_at = {name: row.values[name] for name in row.values if self._is_looked_at(name)}
        for name in (self.subject, self.language):
            if name is not None:
                looked_at[name] = row.values.get(name)
        if not all(isinstance(value, _PLAIN) for value in looked_at.values()):
            raise MalformedRow(f"line {row.line} of the source has a list or an object for text", "keep or drop it")
        language = language_code(as_text(looked_at[self.language])) if self.language is not None else None
        known = self.policy.known(looked_at)
        texts = {name: _text(looked_at[name]) for name in self.text if looked_at.get(name) is not None}
        texts.update(self.policy.texts({name: looked_at[name] for name in looked_at if name not in self.text}))
        subject = subject_of(row, self.subject)
        record = _of_its_own(texts, known) if subject is None else None
        return {name: Document(text, subject, language, known, record) for name, text in texts.items()}

    def applied(self, row: Row, texts: Mapping[str, str], replace: Callable[[str, str], str]) -> dict[str, Any]:
        """A row as it may be written: its columns in their order.

        Args:
            row: As it was read.
            texts: Its columns of free text after de-identification.
            replace: What stands in place of a whole cell: of its text and its type.
        """
        others = {name: value for name, value in row.values.items() if name not in self.text}
        done = self.policy.applied(others, replace, texts)
        for name in self.text:
            if name in row.values:
                done[name] = texts.get(name)
        return {name: done[name] for name in row.values if name in done}

    def keeps_subject(self) -> bool:
        """Whether the output says as the source does whom a record is about: what is encrypted is bound to it."""
        return self.subject is None or (self.subject not in self.text and self._action(self.subject) == "keep")

    def _named(self) -> set[str]:
        named = {*self.text, *self.policy.columns, self.subject, self.language}
        return {name for name in named if name is not None}

    def _is_looked_at(self, name: str) -> bool:
        return name in self.text or self._action(name) in ("replace", "text") or self._is_sought(name)

    def _is_sought(self, name: str) -> bool:
        choice = self.policy.columns.get(name)
        return choice is not None and choice.sought_as is not None

    def _action(self, name: str) -> str:
        choice = self.policy.columns.get(name)
        return choice.action if choice is not None else self.policy.other_columns


def subject_of(row: Row, column: str | None) -> str | None:
    """Whom a row is about; None where no column says it, or the cell is empty."""
    return None if column is None else as_text(row.values.get(column)) or None


def column_hint(columns: Sequence[str]) -> str:
    """What to do about a column that is not there, with those that are.

    They are named only where all of them look like names of columns: the first line of a file without a header is a
    record, and a key of an object may be anything.
    """
    if len(columns) == 1 and (found := [name for sign, name in _SEPARATORS.items() if sign in columns[0]]):
        return f"the header is a single column: give --delimiter '{found[0]}' if that is what stands between fields"
    if len(columns) > 1 and all(map(_NAME.fullmatch, columns)):
        more = f" and {len(columns) - _MOST_NAMES} more" if len(columns) > _MOST_NAMES else ""
        return f"name one that is there, as with --text-column: {', '.join(columns[:_MOST_NAMES])}{more}"
    return "name one of the source's, as with --text-column; is its first line a header?"


def _of_its_own(texts: Mapping[str, str], known: Sequence[Known]) -> str:
    """What a row is called, so that its cells and its texts get the same surrogates. Kept nowhere."""
    parts = [part for pair in texts.items() for part in pair] + [one.value for one in known]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else as_text(value)


def parsed_columns(choices: Sequence[str]) -> Iterator[tuple[str, str]]:
    """``NAME=CHOICE`` as given on a command line.

    Raises:
        ConfigError: A choice is not of that form.
    """
    for choice in choices:
        name, equals, what = choice.partition("=")
        if not (name and equals and what):
            raise ConfigError("a column's choice is not NAME=CHOICE", "write --column ward=keep or name=PERSON")
        yield name, what
