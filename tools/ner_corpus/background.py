"""Passages of textbooks without names of people: what must stay as it is.

Nobody annotated them, so that only what can be told is claimed. A passage is kept when it has no capitalised word that
is a given name or surname of our pools, no two capitalised words in a row that are not ordinary words, and no number of
five digits, address of the network or "aged". Then PERSON, AGE and ID are known to be absent; places, organisations,
dates and nationalities are left open. A name before "disease", "syndrome" and the like is an eponym and stays.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from tools.ner_corpus.example import Example
from tools.ner_corpus.listed import listed
from tools.ner_corpus.pools import pool

_KNOWN = frozenset({"PERSON", "AGE", "ID"})
_BOOKS = ("openstax_health", "openstax_finance_business", "openstax_general")
_PER_BOOK = 350
_EACH_ANSWER = 8
_LONGEST = 900
_LOCALES = (
    "en_US",
    "en_GB",
    "en_AU",
    "en_IE",
    "en_IN",
    "es_ES",
    "de_DE",
    "fr_FR",
    "it_IT",
    "pt_BR",
    "pl_PL",
    "sv_SE",
    "nl_NL",
)
_EPONYM = re.compile(
    r"\b[A-Z][a-zé]+(?:[- ][A-Z][a-zé]+)*(?:['’]s)? (?:disease|syndrome|lymphoma|sarcoma|tumou?r|cells?|palsy"
    r"|test|sign|scale|dementia|anemia|stain|agar|effect|law|method|procedure|fibers?|ulcer|bodies|nodes?|virus|fracture|reflex|thyroiditis)\b"
)
_SUSPECT = re.compile(
    r"\d{5}|\d{3}[-. ]\d{3,4}|@|https?:|www\.|\baged?\b|\byears?[- ]old\b|\b(?:Dr|Mr|Mrs|Ms|Prof)\b|©|\bcredit\b"
    r"|\bet al\b|\b[A-Z]\. [A-Z]|the figure the figure"
)
_CAPITALISED = re.compile(r"\b[A-ZÀ-Þ][a-zà-ÿ'’]+")
_PAIR = re.compile(r"(?<![.!?:;\n•-] )(?<!\n)\b([A-Z][a-z]+) ([A-Z][a-z]+)\b")


@lru_cache(maxsize=2)
def passages(data: Path) -> tuple[Example, ...]:
    """The passages under a data folder; none where the sets are absent."""
    return tuple(Example(text, (), _KNOWN) for text in _texts(data) if without_people(text))


def without_people(text: str) -> bool:
    """Whether nothing in a passage looks like a person, an age or an identifying number."""
    rest = _EPONYM.sub("eponym", text)
    if _SUSPECT.search(rest):
        return False
    names = _names()
    if any(word.casefold().removesuffix("'s").removesuffix("’s") in names for word in _CAPITALISED.findall(rest)):
        return False
    ordinary = set(re.findall(r"\b[a-z]+\b", text))
    return not any(
        first.lower() not in ordinary and second.lower() not in ordinary for first, second in _PAIR.findall(rest)
    )


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    pools = [pool(locale) for locale in _LOCALES]
    names = {name.casefold() for each in pools for name in (*each.male, *each.female, *each.last)}
    # Names that open sentences as words do; a person of such a name is seldom meant in a textbook.
    return frozenset(names - set(listed("background")["opening_words"]))


def _texts(data: Path) -> Iterator[str]:
    for book in _BOOKS:
        path = data / "lm_text" / f"{book}.jsonl.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in islice(lines, _PER_BOOK):
                    yield from _cut(json.loads(line)["text"])
    path = data / "medquad" / "medquad_answers.jsonl"
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in islice(lines, 0, None, _EACH_ANSWER):
                yield from islice(_cut(json.loads(line)["answer"]), 2)


def _cut(text: str) -> Iterator[str]:
    """Runs of whole lines and sentences of up to `_LONGEST` characters."""
    held = ""
    for sentence in re.split(r"(?<=[.?!]) +|\n+", text):
        if held and len(held) + len(sentence) > _LONGEST:
            yield held
            held = ""
        held = f"{held} {sentence}".strip()
    if len(held) > 40:
        yield held
