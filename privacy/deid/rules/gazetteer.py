"""Names and places from lists, where the words around them agree: the lists are Faker's, as hash sets.

A name of a list is no finding by itself: a fifth of ordinary English words is somebody's name. It counts beside another
name of the lists, with an initial, before a verb of saying, after a greeting, at the head of a line of dialogue; never
before a word such as "disease" or "catheter", where it is an eponym.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple

from fedaug.privacy.deid.rules.rule import SpanRecogniser
from fedaug.privacy.deid.rules.vocabulary import is_ordinary, listed
from fedaug.privacy.deid.spans import ORDER, Span

_LOCALES: Final = (
    "cs_CZ da_DK de_AT de_CH de_DE en en_GB en_IE en_IN en_KE en_NG en_NZ en_PK en_US es_AR es_CL es_CO es_ES "
    "es_MX et_EE fi_FI fr_BE fr_CA fr_CH fr_FR hr_HR hu_HU id_ID it_IT lt_LT lv_LV nl_BE nl_NL no_NO pl_PL "
    "pt_BR pt_PT ro_RO sk_SK sl_SI sv_SE tr_TR yo_NG zu_ZA"
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ'’ -]+")
#: Words that begin with a letter which may be a capital one: no small letter of ASCII.
_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*")
#: The same in texts of ASCII, at half the time.
_ASCII_WORD = re.compile(r"[A-Z](?<![A-Za-z][A-Z])[A-Za-z]*(?:['-][A-Za-z]+)*")
_LEAST_LETTERS = 3

#: After an eponym: what is named after somebody is nobody.
_EPONYM = re.compile(
    r"(?:['’]s?)?(?:[ -][A-Za-z]+(?:['’]s?)?){0,2}[ -](?:disease|syndrome|sign|test|score|scale"
    r"|criteria|catheter|palsy|lymphoma"
    r"|disorder|dystrophy|chorea|sarcoma|tumou?r|anemia|ataxia|thyroiditis|contracture|fracture"
    r"|procedure|operation|maneuver"
    r"|manoeuvre|phenomenon|reflex|classification|index|cells?|bodies|body|virus|fever|gland|duct|law"
    r"|position|clamp|tube|stain"
    r"|forceps|retractor|esophagus|encephalopathy|aphasia|area|node|ligament|pouch|nerve|space|murmur"
    r"|triad|method|model|type"
    r"|stage|grade|staging|inventory|questionnaire|lesion|defect|malformation|deformity|hernia|ulcer"
    r"|spots?|lines?|nodules?"
    r"|gangrene|neuropathy|cyst|abscess|drain|needle|splint|cast|brace|collar|traction|wave|rhythm"
    r"|block|formula|equation)\b",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r",?[ ](?:said|says|asked|asks|told|tells|replied|answered|explained|reports?|reported|states?"
    r"|stated|denies|denied|shouted|called|wrote|lives|lived"
    r"|was[ ]born|is[ ]a[ ]\d|is[ ](?:very[ ])?reliable|and[ ](?:his|her)|has[ ]been|will[ ]be|who[ ]"
    r"(?:is|was|lives)|works|agreed|understands|verbalized|complains|presents|presented)\b"
)
_SPOKEN_TO = re.compile(
    r"\b(?:[Hh]i|[Hh]ello|[Dd]ear|[Hh]ey|[Tt]hanks|[Tt]hank you|[Nn]amed|[Nn]ame is|[Cc]alled|[Ss]aid"
    r"|[Tt]old|[Aa]sked|[Mm]et|[Ss]aw|[Vv]isited|by|with|from|to|for|and|or|of|[Pp]er|than|[Hh]eard"
    r"|leave me|not by|early)[ ,]{1,2}$"
)
_IN = re.compile(
    r"\b(?:in|from|near|to|at|of|outside|via|through|around|visiting|toured|left|southern|northern"
    r"|eastern|western)[ ](?:the[ ])?$",
    re.IGNORECASE,
)
#: After the adjective of a country these are diseases, sizes and breeds.
_NOT_NATIONAL = re.compile(
    r"[ -](?:measles|flu|influenza|encephalitis|fever|catheter|gauge|sheath|guide|disease|syndrome"
    r"|hamster|cockroach|shepherd|medicine|herbs?|language|toast|fries|shepherds?|scale|speaking)\b",
    re.IGNORECASE,
)


class Lists(NamedTuple):
    """Hash sets of lower-case words; names with and without their accents."""

    first: frozenset[str]
    last: frozenset[str]
    cities: frozenset[str]
    countries: frozenset[str]
    place_starts: frozenset[str]  # the first word of each city and country
    national: frozenset[str]


class _Token(NamedTuple):
    start: int
    end: int
    word: str  # in lower case
    capitals: bool  # throughout


class GazetteerRecogniser(SpanRecogniser):
    """Finds names and places that the lists hold, in context.

    Args:
        language: A two-letter code; the words of context are English.
    """

    def __init__(self, language: str = "en") -> None:
        super().__init__(
            supported_entities=["PERSON", "LOCATION", "NRP"], supported_language=language, name="GazetteerRecogniser"
        )

    def find(self, text: str) -> list[Span]:
        """What is found, overlaps included, ordered by position."""
        lists = gazetteers()
        tokens = [
            _Token(match.start(), match.end(), word.lower(), word.isupper())
            for match in (_ASCII_WORD if text.isascii() else _WORD).finditer(text)
            if (word := match[0])[0].isupper()
        ]
        found = set(_people(text, tokens, lists))
        found.update(_places(text, tokens, lists))
        return sorted(found, key=ORDER)


@cache
def gazetteers() -> Lists:
    """The lists, built from Faker's locales once per process (about a quarter of a second)."""
    first: set[str] = set()
    last: set[str] = set()
    for locale in _LOCALES.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        first |= _words(provider, ("first_names", "first_names_male", "first_names_female"))
        last |= _words(provider, ("last_names", "unisex_last_names", "male_last_names", "last_names_male"))
    address = import_module("faker.providers.address.en_US").Provider
    cities = listed("en_cities")
    countries = frozenset(name.lower() for name in (*address.countries, *address.states)) | listed("en_countries")
    starts = frozenset(match[0].lower() for match in map(_WORD.match, map(str.upper, cities | countries)) if match)
    return Lists(frozenset(first), frozenset(last), cities, countries, starts, listed("en_national"))


def _words(provider: type[object], attributes: Sequence[str]) -> set[str]:
    words: set[str] = set()
    for attribute in attributes:
        names = getattr(provider, attribute, ())
        for name in names if isinstance(names, (tuple, list, dict)) else ():
            folded = name.lower()
            if len(folded) >= _LEAST_LETTERS and _LATIN.fullmatch(folded) and " " not in folded:
                words |= {folded, _plain(folded)}
    return words


def _plain(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def _people(text: str, tokens: Sequence[_Token], lists: Lists) -> Iterator[Span]:
    for index, token in enumerate(tokens):
        is_first, is_last = token.word in lists.first, token.word in lists.last
        if not (is_first or is_last):
            continue
        ordinary = is_ordinary(token.word)
        follower, joined = _next(text, tokens, index)
        if follower is not None and not _EPONYM.match(text, follower.end):
            span = _pair(token, follower, joined, lists, is_first=is_first, is_last=is_last, ordinary=ordinary)
            if span is not None:
                yield span
        if is_last and not ordinary and _initial_before(text, tokens, index) and not _EPONYM.match(text, token.end):
            yield Span(tokens[index - 1].start, token.end, "PERSON", 0.65)
        if is_first and not ordinary and not token.capitals and _alone(text, token):
            yield Span(token.start, token.end, "PERSON", 0.55)


def _next(text: str, tokens: Sequence[_Token], index: int) -> tuple[_Token | None, str]:
    """The capitalised word after a token, and what stands between: an initial is stepped over."""
    token = tokens[index]
    for follower in tokens[index + 1 : index + 3]:
        between = text[token.end : follower.start]
        if between in (" ", ", ", "  ", "-") and len(follower.word) > 1:
            return follower, between
        if re.fullmatch(r" [A-Z]\.? ", between) and len(follower.word) > 1:
            return follower, " "
    return None, ""


def _pair(
    token: _Token, follower: _Token, joined: str, lists: Lists, *, is_first: bool, is_last: bool, ordinary: bool
) -> Span | None:
    """Two words as a name: first and last, or last, comma and first."""
    known_first, known_last = follower.word in lists.first, follower.word in lists.last
    both_ordinary = ordinary and is_ordinary(follower.word)
    if both_ordinary or token.capitals != follower.capitals:
        return None
    whole = Span(token.start, follower.end, "PERSON", 0.75)
    if "," in joined:
        return whole if is_last and known_first and not is_ordinary(follower.word) else None
    if is_first and (known_last or known_first):
        return whole
    if is_first and not ordinary and not token.capitals and not is_ordinary(follower.word):
        return Span(token.start, follower.end, "PERSON", 0.65)  # a surname that no list holds
    if is_last and known_last and not ordinary and not is_ordinary(follower.word):
        return Span(token.start, follower.end, "PERSON", 0.6)
    return None


def _initial_before(text: str, tokens: Sequence[_Token], index: int) -> bool:
    before = tokens[index - 1] if index else None
    return before is not None and len(before.word) == 1 and text[before.end : tokens[index].start] in (". ", ".")


def _alone(text: str, token: _Token) -> bool:
    """Whether a first name stands where a person is spoken of, or to."""
    if _EPONYM.match(text, token.end):
        return False
    head = text[max(0, token.start - 24) : token.start]
    line_head = not head or head.endswith("\n")
    rest = text[token.end : token.end + 1]
    if line_head and (rest == ":" or text[token.end : token.end + 2] in (", ", ':"')):
        return True
    return _SAYS.match(text, token.end) is not None or _SPOKEN_TO.search(head) is not None


def _places(text: str, tokens: Sequence[_Token], lists: Lists) -> Iterator[Span]:
    for index, token in enumerate(tokens):
        if token.word in lists.national and not _NOT_NATIONAL.match(text, token.end):
            yield Span(token.start, token.end, "NRP", 0.45)
        if token.word not in lists.place_starts:
            continue
        for count in (3, 2, 1):
            group = tokens[index : index + count]
            words = text[token.start : group[-1].end].lower()
            if len(group) < count or len(words) > 40:
                continue
            if words in lists.countries and not _EPONYM.match(text, group[-1].end):
                yield Span(token.start, group[-1].end, "LOCATION", 0.6)
                break
            if words in lists.cities and _IN.search(text, max(0, token.start - 16), token.start):
                yield Span(token.start, group[-1].end, "LOCATION", 0.6)
                break
