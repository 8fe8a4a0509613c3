"""Public pools of names, from Faker's locales, sorted by language, role and gender. They depend on no record."""

from __future__ import annotations

import functools
import importlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fedaug.privacy.deid.surrogates.words import WORD, plain

#: Locales by language; the first one's lists of first names are short and sure, so they decide.
_LOCALES: Final[dict[str, tuple[str, ...]]] = {
    "en": ("en_US", "en", "en_GB", "en_IE", "en_NZ"),
    "es": ("es_ES", "es_MX", "es_CO", "es_CL", "es_AR"),
    "fr": ("fr_FR", "fr_BE", "fr_CA", "fr_CH"),
    "de": ("de_DE", "de_AT", "de_CH"),
    "it": ("it_IT",),
    "pt": ("pt_PT", "pt_BR"),
    "nl": ("nl_NL", "nl_BE"),
    "pl": ("pl_PL",),
    "sv": ("sv_SE", "da_DK", "no_NO"),
    "cs": ("cs_CZ", "sk_SK"),
    "ro": ("ro_RO",),
    "tr": ("tr_TR",),
    "in": ("en_IN",),
    "ru": ("ru_RU",),
}
#: Languages that documents are written in. A name of one of them is not looked for among the others.
_DOCUMENT_LANGUAGES: Final = ("en", "es")
_LAST: Final = ("last_names", "last_names_male", "last_names_female", "unisex_last_names", "male_last_names")
_LEAST_BUCKET: Final = 8
_LEAST_POOL: Final = 100


@dataclass(frozen=True)
class Pool:
    """Names of one class.

    Attributes:
        names: All of them, in a fixed order.
        by_initial: Those that begin with a letter, where they are enough to choose from.
    """

    names: tuple[str, ...]
    by_initial: Mapping[str, tuple[str, ...]]

    def beginning_with(self, letter: str) -> tuple[str, ...]:
        """The names with an initial, or all where too few have it."""
        return self.by_initial.get(letter, self.names)


@dataclass(frozen=True)
class _Lists:
    female: Mapping[str, int]  # in how many locales a name is listed
    male: Mapping[str, int]
    sure: frozenset[str]
    last: frozenset[str]

    def role(self, word: str) -> tuple[int, str] | None:
        """How doubtful, 0 to 2, and ``first-f``, ``first-m``, ``first-u`` (either) or ``last``."""
        if word in self.last and word not in self.sure:
            return 1, "last"  # the wide lists hold many a surname that somebody was once given as a first name
        female, male = self.female.get(word, 0), self.male.get(word, 0)
        if not female and not male:
            return None
        gender = "f" if female > male else "m" if male > female else "u"
        return 0 if word in self.sure else 2, f"first-{gender}"


def class_of(word: str) -> str | None:
    """The class of a plain name, a function of the name alone; None for one that is in no list."""
    return _classes().get(word)


def pool(name_class: str) -> Pool:
    """The pool of a class."""
    return _pools()[name_class]


def unknown_class(language: str) -> str:
    """What a name in no list is replaced from: surnames of its document's language."""
    return f"{language}-last" if language in _LOCALES and f"{language}-last" in _pools() else "en-last"


@functools.cache
def _classes() -> Mapping[str, str]:
    spellings, lists = _loaded()
    found: dict[str, str] = {}
    for word in spellings:
        name_class = _classified(word, lists)
        if name_class is not None:
            found[word] = name_class
    return MappingProxyType(found)


@functools.cache
def _pools() -> Mapping[str, Pool]:
    spellings, _ = _loaded()
    members: dict[str, list[str]] = {}
    for word, name_class in sorted(_classes().items()):
        members.setdefault(name_class, []).append(spellings[word])
    for name_class, names in members.items():
        if len(names) < _LEAST_POOL:  # a name out of few is guessed too often
            names.extend(members[f"en-{name_class.partition('-')[2]}"])
    return MappingProxyType({name_class: _pool(names) for name_class, names in members.items()})


def _pool(names: list[str]) -> Pool:
    initials: dict[str, list[str]] = {}
    for name in names:
        initials.setdefault(plain(name)[0].upper(), []).append(name)
    enough = {letter: tuple(found) for letter, found in initials.items() if len(found) >= _LEAST_BUCKET}
    return Pool(tuple(names), MappingProxyType(enough))


def _classified(word: str, lists: Mapping[str, _Lists]) -> str | None:
    en, es = (lists[language].role(word) for language in _DOCUMENT_LANGUAGES)
    if en and es:
        return _of_both(en, es)
    for language in lists:
        role = lists[language].role(word)
        if role:
            return f"{language}-{role[1]}"
    return None


def _of_both(en: tuple[int, str], es: tuple[int, str]) -> str:
    """The class of a name in the lists of both languages, since Faker's lists of each hold names of the other."""
    if en[1] == es[1] == "last":
        return "es-last"  # such as Garcia
    if "last" in (en[1], es[1]) or (es[0] == 2 and en[0] == 0):
        return f"en-{en[1]}" if en[0] < es[0] else f"es-{es[1]}"
    genders = {en[1], es[1]} - {"first-u"}
    # It may stand in a document of either language.
    return f"shared-{genders.pop() if len(genders) == 1 else 'first-u'}"


@functools.cache
def _loaded() -> tuple[Mapping[str, str], Mapping[str, _Lists]]:
    """Spelling by plain name, and the lists by language. A fifth of a second, once."""
    spellings: dict[str, str] = {}
    lists = {}
    for language, locales in _LOCALES.items():
        providers = [importlib.import_module(f"faker.providers.person.{locale}").Provider for locale in locales]
        female, male = (
            Counter(name for provider in providers for name in _names([provider], (key,), spellings))
            for key in ("first_names_female", "first_names_male")
        )
        sure = _names(providers[:1], ("first_names_female", "first_names_male"), spellings)
        lists[language] = _Lists(female, male, sure, _names(providers, _LAST, spellings))
    return MappingProxyType(spellings), MappingProxyType(lists)


def _names(providers: Iterable[type], keys: Iterable[str], spellings: dict[str, str]) -> frozenset[str]:
    names = [name for provider in providers for key in keys for name in getattr(provider, key, ())]
    single = {plain(name): name for name in names if len(name) > 1 and WORD.fullmatch(name)}
    for word, name in single.items():
        spellings.setdefault(word, name)
    return frozenset(single)
