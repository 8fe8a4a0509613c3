"""What is done with each column of a file, and how a row becomes documents and comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fedaug.errors import ConfigError, EmptySource, MalformedRow, MissingColumn
from fedaug.privacy.deid.batch.formats import Row, Source
from fedaug.privacy.deid.columns import ColumnPolicy, as_text
from fedaug.privacy.deid.document import Document, Known

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
        wanted = {*self.text, *self.policy.columns, self.subject, self.language} - {None}
        if missing := sorted(name for name in wanted if name is not None and name not in source.columns):
            raise MissingColumn(f"the source has no column {missing[0]}", "name a column of the source's header")

    def checked(self, source: Source) -> int:
        """Read all rows of a file as they will be read, and count them.

        Raises:
            InputError: What is wrong with the first bad one.
            EmptySource: There is none.
        """
        count = 0
        for row in source.rows():
            self.documents(row)
            count += 1
        if not count:
            raise EmptySource("the source holds no record", "check the file")
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
            raise MalformedRow(f"line {row.line} of the source lacks its text", "name its column with --text-column")
        looked_at = {name: row.values[name] for name in row.values if self._is_looked_at(name)}
        for name in (self.subject, self.language):
            if name is not None:
                looked_at[name] = row.values.get(name)
        if not all(isinstance(value, _PLAIN) for value in looked_at.values()):
            raise MalformedRow(f"line {row.line} of the source has a list or an object for text", "keep or drop it")
        subject, language = (as_text(looked_at.get(name)) or None for name in (self.subject or "", self.language or ""))
        known = self.policy.known(looked_at)
        texts = {name: _text(looked_at[name]) for name in self.text if looked_at.get(name) is not None}
        texts.update(self.policy.texts({name: looked_at[name] for name in looked_at if name not in self.text}))
        subject = subject or _of_its_own(texts, known)
        return {name: Document(text, subject, language, known) for name, text in texts.items()}

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

    def _is_looked_at(self, name: str) -> bool:
        return name in self.text or self._action(name) in ("replace", "text") or self._is_sought(name)

    def _is_sought(self, name: str) -> bool:
        choice = self.policy.columns.get(name)
        return choice is not None and choice.sought_as is not None

    def _action(self, name: str) -> str:
        choice = self.policy.columns.get(name)
        return choice.action if choice is not None else self.policy.other_columns


def _of_its_own(texts: Mapping[str, str], known: Sequence[Known]) -> str:
    """A subject for a row that names none, so that its cells and its texts get the same surrogates. Kept nowhere."""
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
