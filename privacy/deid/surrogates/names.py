"""Surrogates of names of people: each word of a name is replaced by itself, so that all its forms agree.

"John Smith", "SMITH, JOHN", "Mr. Smith", "J. Smith" and "Smith's" become, for one subject, such as "Carl Adams",
"ADAMS, CARL", "Mr. Adams", "C. Adams" and "Adams'". A word's class (language, first name or surname, gender) is that of
the public list in which it stands and never that of its place in the text, so that it is the same everywhere.
"""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.name_pools import class_of, pool, unknown_class
from fedaug.privacy.deid.surrogates.numbers import replaced_characters
from fedaug.privacy.deid.surrogates.words import WORD, plain, shares_a_piece, with_case_of

_BEFORE: Final = (
    "mr mrs ms miss mx dr dra prof professor profesor profesora doctor doctora sir madam rev sr sra srta señor señora "
    "señorita lic ing jr ii iii iv"
)
_BEHIND: Final = "md phd do dds dnp rn np pa lpn esq msc bsc mba mph facs"
_LINKING: Final = "de del la las los y e i van von der den da das dos do di du ter ten zu zur af av"
#: Kept as they are: they say what somebody is called by, and not who it is.
_TITLES: Final = frozenset(_BEFORE.split())
_DEGREES: Final = frozenset(_BEHIND.split())
#: Titles and degrees that are surnames too: Dr Pa, Mrs Do, Wei Ing.
_SURNAMES: Final = frozenset(("do", "pa", "ing"))
#: Kept in small letters always; capitalised, only where another word of the name follows.
PARTICLES: Final = frozenset(_LINKING.split())
#: Particles that are names of their own where they are capitalised: Anh Do Nguyen.
_NAMES_TOO: Final = frozenset(("do", "ten", "e", "i", "y"))
_LINKS: Final = frozenset(["and", "or", "und", "et", "the", "of", "e", "y", "o"])
_SPANISH_TITLES: Final = frozenset(("d", "dª", "dña", "don", "doña", "hno", "hna"))
_POSSESSIVE: Final = re.compile(r"['’]s$", re.IGNORECASE)
_PARTICLE_AGAIN: Final = re.compile(r"\W+(\w+)\W+\w")
_INITIALS: Final = 3


def surrogate_name(draw: Draw, value: str) -> str:
    """A name with its form: case, order, punctuation, titles, particles, initials and possessive are kept."""
    words = list(WORD.finditer(value))
    capitals = sum(len(match[0]) > 1 and match[0].isupper() for match in words)
    parts: list[str] = []
    position = 0
    for index, match in enumerate(words):
        parts.append(_between(draw, value[position : match.start()]))
        alone = capitals * 2 <= len(words) or len(words) == 1
        word = match[0] if _is_kept(draw, value, words, index) else name_word(draw, match[0], initials=alone)
        position = match.end()
        if word != match[0] and value[position : position + 1] in ("'", "’") and match[0][-1] in "sS":
            mark = value[position]  # James' becomes Robert's
            word += mark if word[-1] in "sS" else f"{mark}{'S' if word.isupper() else 's'}"
            position += 1
        parts.append(word)
    parts.append(_between(draw, value[position:]))
    return "".join(parts)


def name_word(draw: Draw, word: str, *, initials: bool = True) -> str:
    """The surrogate of one word of a name.

    Args:
        draw: The subject's choices.
        word: Letters, with apostrophes perhaps.
        initials: Whether two or three capitals, such as JS, are initials when no list holds them.
    """
    possessive = _POSSESSIVE.search(word)
    if possessive:
        stem = name_word(draw, word[: possessive.start()], initials=initials)
        return stem + (possessive[0][0] if stem[-1] in "sS" else possessive[0])
    name = plain(word)
    if word[-1] in "ªº" and len(word) > 1:  # Mª
        return draw.initial(name[0]) + word[-1]
    if len(word) == 1:
        return with_case_of(draw.initial(name) if name else "X", word)
    if class_of(name) is None:
        if initials and len(word) <= _INITIALS and word.isupper():
            return "".join(draw.initial(plain(letter)) for letter in word)
        if name.endswith("s") and (class_of(name[:-1]) or "").endswith("last"):  # the Smiths
            return with_case_of(_drawn(draw, name[:-1]) + "s", word)
    return with_case_of(_drawn(draw, name), word)


def _drawn(draw: Draw, name: str) -> str:
    names = pool(class_of(name) or unknown_class(draw.language))

    def fits(candidate: str) -> bool:
        found = plain(candidate)
        return found not in draw.taken and not shares_a_piece(name, found)

    bucket = names.beginning_with(draw.initial(name[0]))
    chosen = draw.pick("name", name, bucket, fits) or draw.pick("name again", name, names.names, fits)
    # Only a record that holds nearly all names of a pool comes to invented letters.
    return chosen or replaced_characters(draw, "invented name", name).capitalize()


def naming_words(value: str) -> list[str]:
    """The words of a name that name somebody: without titles and degrees."""
    words = list(WORD.finditer(value))
    return [match[0] for index, match in enumerate(words) if not _is_title(value, words, index)]


def _is_kept(draw: Draw, value: str, words: list[re.Match[str]], index: int) -> bool:
    word, name = words[index][0], words[index][0].lower()
    if _is_title(value, words, index):
        return True
    if name in _LINKS or name in PARTICLES:
        return word.islower() or (name in PARTICLES - _NAMES_TOO and _links(words, index))
    follows = index + 1 < len(words)
    return draw.language == "es" and name in _SPANISH_TITLES and index == 0 and follows


def _is_title(value: str, words: list[re.Match[str]], index: int) -> bool:
    """Whether a word of a name is a title or a degree, and cannot be a name itself.

    A title is none in small letters without a stop. One that is a surname too is a title only at the beginning, before
    a stop ("Ing. García"); a degree only in capitals and behind the name: after a comma, or
    beside words that are not all in capitals ("Ann Lee DO", "LEE, ANN, DO"; not "Mrs Do", "DO, ANH" or "ANH DO").
    """
    match = words[index]
    word, name = match[0], match[0].lower()
    stop = value[match.end() : match.end() + 1] == "."
    if name not in _SURNAMES:
        return name in _TITLES | _DEGREES and (word != word.lower() or stop)
    if name not in _DEGREES:
        return index == 0 and stop and len(words) > 1
    named = [before[0] for before in words[:index] if before[0].lower() not in _TITLES | _DEGREES]
    behind_comma = len(named) > 1 and "," in value[words[index - 1].end() : match.start()]
    return word.isupper() and bool(named) and (behind_comma or not all(map(str.isupper, named)))


def _links(words: list[re.Match[str]], index: int) -> bool:
    """Whether a capitalised particle links words: "DE LA CRUZ", "Van der Berg", "Juan De Dios"; not "Van Morrison"."""
    if index + 1 == len(words):
        return False
    after = words[index + 1][0].lower()
    return index > 0 or after in PARTICLES or words[index][0].lower() in ("de", "del", "von")


def _between(draw: Draw, text: str) -> str:
    return replaced_characters(draw, "number", text) if any(character.isdigit() for character in text) else text
