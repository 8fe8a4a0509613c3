"""What a site adds to the recognisers: its own lists, patterns and models. They add, and replace nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Self

import regex  # type: ignore[import-untyped]  # ships no types
from pydantic import BeforeValidator, Field, model_validator

from fedaug.errors import ConfigError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.checked_toml import Settings
from fedaug.privacy.deid.policies.policy import DeidPolicy, EntityType, plain_number

_MOST_LIST_BYTES: Final = 64 * 2**20
_MOST_LIST_ENTRIES: Final = 1_000_000  # a country's register of physicians
_MOST_ENTRY_CHARS: Final = 200
_PATTERN_CHARS: Final = 1_000

Score = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1)]


class SiteList(Settings):
    """A file of strings that identify, one a line: names of staff, wards, streets.

    Attributes:
        path: A text file in UTF-8. Blank lines and lines that begin with ``#`` are left out.
        entity_type: What its lines are.
        score: The score of a finding.
    """

    path: Path
    entity_type: EntityType
    score: Score = 0.9

    def entries(self) -> frozenset[str]:
        """The strings, with blanks at either end and repeats taken out.

        Raises:
            ConfigError: The file is missing, too large, not UTF-8 or empty. Names a line, quotes none.
        """
        found = frozenset(_lines(self._text()))
        if not found:
            raise ConfigError("a file in deid.lists holds no entry", "fill it, or take it out of the settings")
        if len(found) > _MOST_LIST_ENTRIES:
            raise ConfigError("a file in deid.lists has over 1,000,000 entries", "shorten it")
        return found

    def _text(self) -> str:
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_LIST_BYTES + 1)
        except (OSError, ValueError):  # a path may hold a NUL
            raise ConfigError("a file in deid.lists cannot be read", "check its path and permissions") from None
        if len(data) > _MOST_LIST_BYTES:
            raise ConfigError("a file in deid.lists is over 64 MiB", "shorten it")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError("a file in deid.lists is not UTF-8 text", "convert it to UTF-8") from None


class SitePattern(Settings):
    """A regular expression that finds one kind of identifier.

    Attributes:
        name: What reports call it.
        pattern: In the syntax of the package ``regex``. What is found is the group ``value`` if it has one, else the
            whole match; case is ignored, unless it says ``(?-i:...)``.
        entity_type: What it finds; a name that fedaug does not know is a type of the site's own.
        score: The score of a finding.
    """

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]*$", max_length=50)]
    pattern: Annotated[str, Field(min_length=1, max_length=_PATTERN_CHARS)]
    entity_type: EntityType
    score: Score = 0.8

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            compiled = regex.compile(self.pattern, regex.IGNORECASE)
            matches_nothing = compiled.search("", timeout=1) is not None
        except (regex.error, TimeoutError, RecursionError, OverflowError, MemoryError, ValueError, IndexError):
            raise ValueError("has a pattern that is not a regular expression") from None
        if matches_nothing:
            raise ValueError("has a pattern that matches the empty text, so it would match everywhere")
        return self


class SiteAdditions(Settings):
    """Everything that a site adds.

    Attributes:
        lists: Files of strings that identify.
        patterns: Regular expressions.
        spacy_model: The folder of a spaCy pipeline with a named-entity recogniser, on this machine.
        huggingface_model: The folder of a token-classification model with its tokeniser, on this machine.
    """

    lists: Annotated[tuple[SiteList, ...], Field(max_length=100)] = ()
    patterns: Annotated[tuple[SitePattern, ...], Field(max_length=500)] = ()
    spacy_model: Path | None = None
    huggingface_model: Path | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({pattern.name for pattern in self.patterns}) < len(self.patterns):
            raise ValueError("two patterns have one name")
        return self

    @property
    def entity_types(self) -> frozenset[str]:
        """The types that lists and patterns find; a model brings its own."""
        lists = {each.entity_type for each in self.lists}
        return frozenset(lists | {pattern.entity_type for pattern in self.patterns})

    def at(self, folder: Path) -> Self:
        """The same with relative paths that start at a folder, the site's."""
        lists = tuple(each.model_copy(update={"path": folder / each.path}) for each in self.lists)
        models = {
            name: folder / path
            for name, path in (("spacy_model", self.spacy_model), ("huggingface_model", self.huggingface_model))
            if path is not None
        }
        return self.model_copy(update={"lists": lists, **models})

    def require_effect(self, policy: DeidPolicy) -> None:
        """Refuse what would be found for nothing.

        Raises:
            ConfigError: A list or pattern finds a type that the policy leaves in the text, or one that is mistyped.
        """
        for index, each in enumerate(self.lists):
            policy.require_taken_out(each.entity_type, f"deid.lists.{index}")
        for pattern in self.patterns:
            policy.require_taken_out(pattern.entity_type, f"the pattern {pattern.name}")

    def check(self) -> None:
        """Read every list, and see that every model is there.

        Raises:
            ConfigError: One is not, or cannot be read.
        """
        for each in self.lists:
            each.entries()
        for setting, path in (("spacy_model", self.spacy_model), ("huggingface_model", self.huggingface_model)):
            if path is not None and not path.is_dir():
                raise ConfigError(f"deid.{setting} is not a folder", "give the path of a model's folder")

    def fingerprint(self) -> str:
        """64 hexadecimal digits that differ where lists or patterns do, or a model's files in name, size or time.

        Raises:
            ConfigError: A list cannot be read.
        """
        lists = [[each.entity_type, each.score, sorted(each.entries())] for each in self.lists]
        patterns = [pattern.model_dump(mode="json") for pattern in self.patterns]
        models = [_files(path) for path in (self.spacy_model, self.huggingface_model)]
        return digest(canonical_json([lists, patterns, models]))


def _files(folder: Path | None) -> list[list[str | int]]:
    if folder is None:
        return []
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return [[str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns] for path in paths]
    except OSError:
        raise ConfigError("a model's folder cannot be read", "check its path and permissions") from None


def _lines(text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        if len(entry) > _MOST_ENTRY_CHARS:
            raise ConfigError(f"line {number} of a file in deid.lists is over 200 characters", "shorten it")
        yield entry
