"""What a label's name says: its words, and whether they read as an action, a trouble, a topic, a choice or a heading.

Only the name is read, which is public. The rules cover the usual ways to name a class in English; a name that fits none
of them is a topic.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Literal

Kind = Literal["action", "unable", "why", "problem", "topic", "choice", "note"]

_WORD = re.compile(r"[a-z0-9']+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VOWELS = frozenset("aeiou")
_DOUBLING = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
"""Verbs of one short vowel and one last consonant double it (get, getting; stop, stopping)."""


@dataclass(frozen=True)
class Reading:
    """One way to read a label.

    Args:
        kind: Chooses the carrier phrases.
        thing: The noun phrase, or for an action the verb phrase's object; no article.
        verb: Base form of an action's verb, else "".
        state: What is the matter with the thing, such as "not received", else "".
        tail: What follows, with a leading blank, such as " after a bank transfer".
    """

    kind: Kind
    thing: str
    verb: str = ""
    state: str = ""
    tail: str = ""


@cache
def phrase_book() -> Mapping[str, Any]:
    """The word lists and carrier phrases that ship with the package."""
    return tomllib.loads(package_files("fedaug.augmentation.generators").joinpath("phrases.toml").read_text("utf-8"))


def label_words(label: str) -> list[str]:
    """A label's words in lower case, abbreviations of clinical headings spelt out, fixed compounds kept as one word."""
    abbreviations: Mapping[str, str] = phrase_book()["abbreviations"]
    raw = _WORD.findall(" ".join(_CAMEL.split(label)).lower()) if not label.isupper() else _WORD.findall(label.lower())
    text = " ".join(abbreviations.get(word, word) for word in raw)
    if len(raw) > 1 and raw[-1] == "sochx" and raw[0] == "fam":
        text = "family and social history"
    text = re.sub(r"\btopping up\b", "top up", text)
    text = re.sub(r"\bshowing up\b", "showing~up", text)
    for whole in phrase_book()["words"]["kept_whole"]:
        text = text.replace(whole, whole.replace(" ", "~"))
    return [word.replace("~", " ") for word in text.split()]


def label_key(label: str) -> str:
    """What two names of one class have in common: GENHX and "History of present illness" have one key."""
    words = " ".join(label_words(label))
    key: str = phrase_book()["headings"].get(words, words)
    return key


def is_heading(label: str) -> bool:
    """True for a name such as PASTMEDICALHX: capitals throughout, as sections of a note are named."""
    letters = [letter for letter in label if letter.isalpha()]
    return bool(letters) and all(letter.isupper() for letter in letters)


def read_label(label: str) -> Reading:  # noqa: PLR0911 - one return per way to name a class
    """The way in which a label's name is read, by the first rule that fits."""
    words = label_words(label)
    if is_heading(label):
        return Reading("note", " ".join(words))
    if not words:
        return Reading("topic", "request")
    if words[0] == "why":
        return _action("why", words[1:])
    if words[:2] == ["unable", "to"]:
        return _action("unable", words[2:])
    if words[0] in {"how", "what", "where", "when", "which"} and len(words) > 1:
        return read_label("_".join(words[1:]))
    state_first = _state_first(words)
    if state_first is not None:
        return state_first
    if (head := _topic_head(words)) is not None:
        return head
    if _starts_with_verb(words):
        return _action("action", words)
    if "or" in words[1:-1] and not _find_preposition(words):
        return Reading("choice", " ".join(words))
    return _state_last(words) or _topic(words)


def _lists() -> Mapping[str, Sequence[str]]:
    words: Mapping[str, Sequence[str]] = phrase_book()["words"]
    return words


def _base(word: str) -> str:
    """The base form of a gerund whose verb is known, else the word."""
    if word.endswith("ing"):
        stem = word[:-3]
        for form in (stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem):
            if form in _lists()["verbs"] or form in _lists()["verbs_or_nouns"]:
                return form
    return word


def gerund(verb: str) -> str:
    """The -ing form of a base verb; of a phrasal verb, of its first word."""
    first, _, rest = verb.partition(" ")
    if not first:
        return ""
    if first.endswith("e") and not first.endswith("ee"):
        first = first[:-1]
    elif _DOUBLING.fullmatch(first):
        first += first[-1]
    return f"{first}ing {rest}".strip()


def is_participle(word: str) -> bool:
    """True for a word that states what was done to a thing or what it is like."""
    return word in _lists()["states"] or (word.endswith("ed") and len(word) > 4)


def _starts_with_verb(words: Sequence[str]) -> bool:
    first = _base(words[0])
    if first in _lists()["verbs"] or first != words[0]:
        return True
    follows = words[1] if len(words) > 1 else ""
    return first in _lists()["verbs_or_nouns"] and (
        follows in _lists()["prepositions"] or follows in _lists()["adjectives"]
    )


def _action(kind: Kind, words: Sequence[str]) -> Reading:
    cut = _find_preposition(words) or len(words)
    tail = " " + _with_article(words[cut:]) if words[cut:] else ""
    return Reading(kind, " ".join(words[1:cut]), verb=_base(words[0]) if words else "do", tail=tail)


def _find_preposition(words: Sequence[str]) -> int:
    """Index of the first preposition after the first word, or 0; "of" ties its neighbours into one phrase."""
    found = (index for index, word in enumerate(words) if index and word in _lists()["prepositions"] and word != "of")
    return next(found, 0)


def _with_article(words: Sequence[str]) -> str:
    """A preposition and its object; an article where the object is one countable thing."""
    if len(words) < 2:
        return " ".join(words)
    article = article_for(" ".join(words[1:])) if words[0] in {"after", "for", "into", "from"} else ""
    article = {"via": "the", "on": "my"}.get(words[0], article)
    return " ".join(part for part in (words[0], article, *words[1:]) if part)


def article_for(thing: str) -> str:
    """ "a", "an", or "" for a plural, a mass noun or a phrase that has a determiner."""
    last = thing.rsplit(maxsplit=1)[-1] if thing else ""
    if not thing or last in _lists()["mass"] or thing in _lists()["mass"] or is_plural(thing):
        return ""
    if thing.split(maxsplit=1)[0] in {"my", "the", "a", "an", "your"} or any(
        whole in thing for whole in ("apple pay", "google pay")
    ):
        return ""
    return "an" if thing[0] in _VOWELS else "a"


def is_plural(thing: str) -> bool:
    """True where the noun phrase's last word ends like a plural."""
    last = thing.rsplit(maxsplit=1)[-1] if thing else ""
    return (last.endswith("s") and not last.endswith(("ss", "us", "is"))) or last in {"details", "funds"}


def _state_first(words: Sequence[str]) -> Reading | None:
    """pending_transfer, lost_or_stolen_card, wrong_amount_of_cash_received; also card_payment_wrong_exchange_rate."""
    if len(words) < 2 or not is_participle(words[0]):
        place = words.index("wrong") if "wrong" in words[1:-1] else 0
        if place:
            thing = " ".join(words[place + 1 :])
            return Reading("problem", thing, state="wrong", tail=f" on my {' '.join(words[:place])}")
        return None
    state = words[0]
    rest = list(words[1:])
    if rest[0] == "or" and len(rest) > 2:
        state, rest = f"{words[0]} or {rest[1]}", rest[2:]
    cut = _find_preposition(rest)
    if cut:
        return Reading("problem", " ".join(rest[:cut]), state=state, tail=" " + _with_article(rest[cut:]))
    if state == "supported":
        return Reading("topic", " ".join(words))
    return Reading("problem", " ".join(rest), state=state)


def _topic_head(words: Sequence[str]) -> Reading | None:
    """top_up_by_card_charge: the last word is the topic, what stands before it is what it is for."""
    heads = phrase_book()["topics"]
    cut = _find_preposition(words)
    if words[-1] not in heads or not cut:
        return None
    doing = gerund(words[0]) if words[0] in _lists()["verbs_or_nouns"] else " ".join(words[:cut])
    return Reading("topic", words[-1], tail=f" for {doing} {' '.join(words[cut:-1])}")


def _state_last(words: Sequence[str]) -> Reading | None:
    """card_payment_fee_charged, transfer_not_received_by_recipient, card_about_to_expire."""
    for index in range(1, len(words)):
        word = words[index]
        if word in {"not", "about"} and index + 1 < len(words):
            end = index + (3 if word == "about" else 2)
        elif is_participle(word):
            end = index + 1
            if words[end : end + 1] == ["twice"]:
                end += 1
        else:
            continue
        tail = " " + _tail(words[end:]) if words[end:] else ""
        return Reading("problem", " ".join(words[:index]), state=" ".join(words[index:end]), tail=tail)
    return None


def _tail(words: Sequence[str]) -> str:
    if words[0] == "by" and len(words) > 1:
        return " ".join(["by", "the", *words[1:]])
    return _with_article(words)


def _topic(words: Sequence[str]) -> Reading:
    cut = _find_preposition(words)
    if not cut:
        return Reading("topic", " ".join(words))
    return Reading("topic", " ".join(words[:cut]), tail=" " + _with_article(words[cut:]))
