"""Candidates made of a label's own words and committed carrier phrases."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.generators.label_words import (
    Reading,
    article_for,
    gerund,
    is_plural,
    label_key,
    phrase_book,
    read_label,
)
from fedaug.errors import ConfigError

_SYNONYM_SHARE = 0.4
_CONTEXT_SHARE = 0.25
_CASUAL_SHARE = 0.15
_TRIES_PER_TEXT = 12
_PLURAL = (
    ("is ", "are "),
    ("was ", "were "),
    ("has ", "have "),
    ("does ", "do "),
    ("isn't ", "aren't "),
    ("hasn't", "haven't"),
)
_PLURAL_ALSO = (
    ("looks ", "look "),
    ("keeps ", "keep "),
    ("expires ", "expire "),
    ("shows ", "show "),
    ("doesn't ", "don't "),
)


class LabelPhrases:
    """Queries (or, for headings such as ``PASTMEDICALHX``, note lines) that say what a label's name says.

    The counterpart of prompting a model with the class name (Meng et al. 2022, SuperGen, section 3): here the "prompt"
    is a carrier phrase, so that it needs no model. A text states one reading of the name and may be wrong about what
    the class means; the DP votes of the sites decide.

    Args:
        per_label: Texts for each label, at most.
        style: ``"query"`` writes as a customer does, ``"note"`` as a clinician does, ``"auto"`` notes for labels in
            capitals and queries for the others.
    """

    name = "label-phrases"

    def __init__(self, per_label: int = 120, style: str = "auto") -> None:
        if style not in {"auto", "query", "note"}:
            raise ConfigError("label-phrases was given an unknown style", "use auto, query or note")
        self._per_label = per_label
        self._style = style

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        """Up to ``per_label`` different texts for each label; what a label gets does not depend on the others."""
        seen: set[str] = set()
        for label in labels:
            rng = random.Random(f"{self.name}/{seed}/{label}")
            for text in _texts(self._read(label), self._per_label, rng):
                if text not in seen:
                    seen.add(text)
                    yield Candidate(text, self.name, "label name", label)

    def _read(self, label: str) -> Reading:
        if self._style == "note":
            return Reading("note", label_key(label))
        return read_label(label.lower() if self._style == "query" else label)


def _texts(reading: Reading, count: int, rng: random.Random) -> Iterator[str]:
    """Different texts of one reading: every frame once before any frame a second time."""
    made: set[str] = set()
    frames = _frames(reading)
    order: list[str] = []
    for _ in range(count * _TRIES_PER_TEXT):
        if len(made) >= count:
            return
        if not order:
            order = rng.sample(frames, len(frames))
        text = _realise(order.pop(), reading, rng)
        if text not in made:
            made.add(text)
            yield text


def _frames(reading: Reading) -> list[str]:
    book = phrase_book()
    frames: list[str] = list(book["frames"][reading.kind])
    for state in (reading.state, *reading.state.split(" or ")):
        frames += book["first_person"].get(state, [])
    if reading.kind == "topic":
        frames += book["topics"].get(reading.thing.split()[-1], []) if reading.thing else []
        for state, found in book["first_person"].items():
            if state in reading.thing.split():
                frames += found
    return list(dict.fromkeys(frames))


def _realise(frame: str, reading: Reading, rng: random.Random) -> str:
    reading = replace(reading, thing=_with_synonyms(reading.thing, rng), tail=_with_synonyms(reading.tail, rng))
    state = rng.choice(reading.state.split(" or ")) if reading.state else ""
    thing = reading.thing
    if "support" in frame and thing.startswith("supported "):
        thing = thing.removeprefix("supported ")
    article = article_for(thing)
    verb = _verb(reading.verb, rng)
    object_ = _object(reading.verb, thing, article, rng)
    text = frame.format(
        thing=thing,
        Thing=thing[:1].upper() + thing[1:],
        my=_determined(thing, article, rng),
        a=f"{article} {thing}".strip() if article else thing,
        do=f"{verb} {object_}".strip() + reading.tail,
        doing=f"{gerund(verb)} {object_}".strip() + reading.tail,
        pred=_predicate(state, thing, rng),
        be="are" if is_plural(thing) else "is",
        does="do" if is_plural(thing) else "does",
        is_there="are there" if is_plural(thing) else "is there",
        tail=reading.tail,
    )
    return text if reading.kind == "note" else _voiced(_tidy(text), rng)


def _verb(verb: str, rng: random.Random) -> str:
    if verb in phrase_book()["words"]["verbs_or_nouns"]:
        return verb  # its synonyms are those of the noun
    return str(rng.choice(phrase_book()["synonyms"].get(verb, [verb])))


def _object(verb: str, thing: str, article: str, rng: random.Random) -> str:
    """An action's object with a determiner; none where the name has one or is a mass noun."""
    if not thing:
        return str(rng.choice(phrase_book()["objects"].get(verb, [""])))
    if thing.split(maxsplit=1)[0] in {"my", "your", "the"}:
        return thing
    return f"{rng.choice(['my', article or 'my', article or '', 'the'])} {thing}".strip()


def _determined(thing: str, article: str, rng: random.Random) -> str:
    if not thing:
        return "it"
    if thing.split(maxsplit=1)[0] in {"my", "your"}:
        return thing
    once_more = "my last" if article and thing.rsplit(maxsplit=1)[-1] in phrase_book()["words"]["events"] else "my"
    return f"{rng.choice(['my', 'my', 'the', once_more])} {thing}"


def _predicate(state: str, thing: str, rng: random.Random) -> str:
    book = phrase_book()
    forms = book["predicates"].get(state, book["predicates"]["default"])
    if state.startswith("not ") and state not in book["predicates"]:
        done = state.removeprefix("not ")
        forms = [
            "was not {state}",
            "has not been {state}",
            "still hasn't been {state}",
            "is not {state}",
            "wasn't {state}",
        ]
        state = done
    words = state.split()
    if words:
        words[0] = rng.choice(book["synonyms"].get(words[0], [words[0]]))
    text: str = rng.choice(forms).format(state=" ".join(words)) + " "
    if is_plural(thing):
        for single, plural in (*_PLURAL, *_PLURAL_ALSO):
            if text.startswith((single, "still " + single)):
                text = text.replace(single, plural, 1)
                break
    return text.strip()


def _with_synonyms(text: str, rng: random.Random) -> str:
    """Some words replaced by words that mean about the same; a noun after a noun only by one word."""
    book, lists = phrase_book()["synonyms"], phrase_book()["words"]
    words = re.sub(r"\btop up\b", "top_up", text).split(" ")
    free = {"", "a", "an", "the", "my", "or", "and", *lists["adjectives"], *lists["prepositions"]}
    for index, word in enumerate(words):
        if word in book and rng.random() < _SYNONYM_SHARE:
            may_be_long = index == 0 or words[index - 1] in free
            words[index] = rng.choice(
                [other for other in book[word] if may_be_long or " " not in other or word == "top_up"]
            )
    return _undoubled(" ".join(words).replace("top_up", "top up"))


def _undoubled(text: str) -> str:
    """ "bank bank transfer", which synonyms may make, becomes "bank transfer"."""
    return re.sub(r"\b([\w-]+)( \1\b)+", r"\1", text)


def _tidy(text: str) -> str:
    text = _undoubled(" ".join(text.split()))
    text = re.sub(r"\ban (?=[bcdfghjklmnpqrstvwxyz])", "a ", text)
    text = re.sub(r"\ba (?=[aeio])(?!one)", "an ", text)
    return re.sub(r"\b(my|the|a|an|your) (my|your|the)\b", r"\2", text)


def _voiced(text: str, rng: random.Random) -> str:
    """A greeting or a closing remark now and then, and the ways in which people type."""
    context = phrase_book()["context"]
    if rng.random() < _CONTEXT_SHARE:
        if rng.random() < 0.5:
            text = rng.choice(context["before"]) + text
        else:
            text = (text if text.endswith("?") else text + ".") + rng.choice(context["after"])
    if rng.random() < _CASUAL_SHARE:
        return text.replace("'", "").rstrip("?.")
    text = re.sub(r"\bi\b", "I", text)
    return text[0].upper() + text[1:] + ("" if text.endswith(("?", ".")) or rng.random() < 0.5 else ".")
