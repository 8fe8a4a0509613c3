"""Canaries for auditing DP: texts that nobody wrote, without identifiers, each put in or left out by a coin.

A canary begins as the records do and ends in words that no other text has together: what only synthetic samples show
of it is then its own (Meeus et al. 2025, "The canary's echo": an in-distribution prefix and a rare suffix). It carries
no identifier, since de-identification would change it; :mod:`fedaug.privacy.audit.identifiers` has those that do.

The texts are no secret, and stem from a seed. The coins are: they come from the site's noise source, and nobody but
the auditor sees how they fell. Of m = 1,000 canaries the bound can reach 5.81 at 95 %, and of 400 4.89; see
:mod:`fedaug.privacy.audit.one_run`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.vetting.words import words

#: How records of both kinds begin, where a campaign gives no openings of its own.
PREFIXES: Final = (
    "I would like to ask about",
    "Please tell me more about",
    "There is a problem with",
    "Can you explain what happened with",
    "Seen today for follow up of",
    "The main concern today is",
    "Reports no change in",
    "Was told at the last visit about",
)
_SHORTEST: Final = 8  # letters; shorter words are common, and more of them are names
_SUFFIX_WORDS: Final = 4
#: Words of these lists may be taken for identifiers.
_NAMES: Final = ("en_national", "en_countries", "en_cities", "en_medical_names", "en_facility_kinds", "en_roles")


@dataclass(frozen=True, repr=False)
class PlantedRecord:
    """A record to be put into a site's source.

    Attributes:
        subject_id: Whose it is, in the campaign's sense: repeats of one canary share it.
        text: What it says.
        label: The class it is said to be of, if the campaign has classes.
    """

    subject_id: str
    text: str
    label: str | None


@dataclass(frozen=True, repr=False, eq=False)
class Canaries:
    """Texts, and the coins that decided which of them were put in. Only the auditor holds this.

    Attributes:
        texts: All of them, [m].
        labels: Of each its class, or None, [m].
        included: The coins, [m].
        repeats: How often each is put in, if it is.
    """

    texts: tuple[str, ...]
    labels: tuple[str | None, ...]
    included: NDArray[np.bool_]
    repeats: int = 1

    def records(self, subject_prefix: str = "s") -> list[PlantedRecord]:
        """What is put in, in the order of the texts; it tells nothing of those left out but that they are not there."""
        return [
            PlantedRecord(f"{subject_prefix}{row}", self.texts[row], self.labels[row])
            for row in np.flatnonzero(self.included)
            for _ in range(self.repeats)
        ]


def flip_canaries(
    texts: Sequence[str], coins: NoiseSource, labels: Sequence[str | None] | None = None, repeats: int = 1
) -> Canaries:
    """Flip a fair coin for each of these texts.

    Args:
        texts: Such as :func:`canary_texts`; all different.
        coins: The source of the coins; only tests give a seeded one.
        labels: A class for each.
        repeats: Records of each that is put in; they share one subject, so more than one makes sense only where the
            unit of privacy is the subject.

    Raises:
        ConfigError: Two texts are equal, there is none, or there is not one label for each.
    """
    classes = tuple(labels) if labels is not None else (None,) * len(texts)
    if not texts or len(set(texts)) != len(texts) or len(classes) != len(texts) or repeats < 1:
        raise ConfigError("canaries are missing, repeated or lack a label", "give different texts, and one label each")
    return Canaries(tuple(texts), classes, coins.bernoulli((len(texts),), 0.5), repeats)


def canary_texts(
    count: int,
    seed: int,
    prefixes: Sequence[str] = PREFIXES,
    *,
    suffix_words: int = _SUFFIX_WORDS,
    screen: Callable[[Sequence[str]], Sequence[bool]] | None = None,
) -> tuple[str, ...]:
    """Texts that begin as records do and end in rare words; no two share a word of their ends.

    Args:
        count: How many.
        seed: They depend on it and on the screen alone.
        prefixes: How records of the campaign begin; from public texts, used in turn.
        suffix_words: Words at the end; about 13 bits each.
        screen: Says of each text whether it will do, such as whether de-identification leaves it alone: of the words at
            the end it takes one in forty for a name. It is asked before any coin falls, so it costs the audit nothing.

    Raises:
        ConfigError: There are not so many rare words, no prefix, or no canary is asked for.
    """
    if not prefixes or count < 1 or suffix_words < 1:
        raise ConfigError("no canary can be made", "ask for one or more, with a prefix and words at the end")
    used = {word for prefix in prefixes for word in words(prefix)}
    rare = [word for word in rare_words() if word not in used]
    random.Random(seed).shuffle(rare)  # noqa: S311 - the texts are no secret
    ends = [" ".join(end) for end in zip(*[iter(rare)] * suffix_words, strict=False)]
    found: list[str] = []
    for start in range(0, len(ends), count):
        texts = [
            f"{prefixes[row % len(prefixes)]} {end}" for row, end in enumerate(ends[start : start + count], start=start)
        ]
        kept = screen(texts) if screen else [True] * len(texts)
        found += [text for text, keep in zip(texts, kept, strict=True) if keep]
        if len(found) >= count:
            return tuple(found[:count])
    raise ConfigError("there are too few rare words for so many canaries", f"ask for up to {len(found):,}")


@cache
def rare_words() -> tuple[str, ...]:
    """Words of eight letters or more from the word list that ships, less those that could be taken for names."""
    names = frozenset[str]().union(*map(_listed, _NAMES))
    return tuple(sorted(word for word in _listed("en") - names if len(word) >= _SHORTEST and word.isascii()))


def _listed(name: str) -> frozenset[str]:
    # The file and not the rules' own reader, whose package wants Presidio, which an auditor can do without.
    path = files("fedaug.privacy.deid") / "rules" / "words" / f"{name}.txt"
    return frozenset(path.read_text(encoding="utf-8").split())
