"""Whether a word or a number that means other things as well stands in a text as the value that a column gave.

A surname may be a word of the language (Young, Rose, May), a first name a verb (Will), and both may have two letters
(Ng, Do). Taking each of them out wherever it stands would leave no sentence whole; taking out none leaves the name.
What decides is how the text writes it:

- **Behind a title or a label** ("Mrs Do", "Patient: Young") it is a name, whatever the word.
- **A short word that is no other one** (Ng, Li) is a name with a capital and a small letter, unless a figure follows
  ("Li 0.8" is lithium); in capitals (NG tube) it is not. In a text without any capital it is one in small letters.
- **An ordinary word** is a name with a capital inside a sentence. Where a sentence, a line or a heading begins, the
  capital says nothing: there it is one before a possessive, a mark, or a verb in the third person ("Will was seen", not
  "Will follow up"; "Young denies pain", not "Young woman"). Between other words in capitals it is none, nor before a
  capitalised ordinary word ("Young Adult Clinic"), nor is a month beside a figure or a word of time ("in May").
- **A number of fewer than five signs** counts alone: not as part of a longer figure, a fraction or a date, not before a
  unit, and not where it can be a year, unless a label stands before it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final, Literal

from fedaug.privacy.deid.rules.vocabulary import is_ordinary

#: In what manner a string that is looked for has to stand in a text.
Manner = Literal["anywhere", "capitalised", "as a name", "behind a title", "as a number"]

_BEFORE: Final = 40  # characters that are looked at before a word; no title or label is longer
_TITLE: Final = re.compile(
    r"(?:^|[^\w.])(?:mrs?|ms|mx|miss|drs?|dra|prof|professor|doctora?|sra?|srta|señor(?:a|ita)?|do[nñ]a|don|nurse|"
    r"sir|rev)\b\.?[ \t]{1,2}$",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"\b(?:name|surname|patient|pt|client|resident|nombre|apellidos?|paciente|attn|dear)[ \t]*:[ \t]*$|\bdear[ \t]$",
    re.IGNORECASE,
)
_NUMBER_LABEL: Final = re.compile(
    r"(?:#|n[ºo°]|\b(?:mrn|id|no|nr|num|number|número|record|chart|case|account|acct|member|policy|claim|room|bed|patient|"
    r"pt|historia|expediente|nhc|paciente|cama|habitación))[ \t]*[.:#]*[ \t]*$",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"[ \t-]?(?:%|°|[µu]g|mcg|mg|g|kg|lbs?|oz|m?l|cc|dl|[cm]?m|mmol|meq|mmhg|bpm|lpm|rpm|iu|ui|units?|unidades|u|k?cal|"
    r"hours?|hrs?|h|min(?:ute)?s?|secs?|days?|weeks?|months?|years?|yrs?|días?|semanas|meses|años|horas|minutos|"
    r"times|veces|puffs|tablets?|tabs?|caps(?:ules)?|drops|gotas|cells|steps|pack)\b|[ \t]?[%°]",
    re.IGNORECASE,
)
_JOINED_BEFORE: Final = re.compile(r"(?:[\w$€£][./,:-]|[$€£])$")
_JOINED_AFTER: Final = re.compile(r"[./,:-]\w")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MONTHS: Final = frozenset(("january", "april", "may", "june", "july", "august", "jan", "jun", "mar", "dec"))
_WHEN: Final = re.compile(
    r"(?:\d[ \t]*(?:st|nd|rd|th)?|\b(?:in|of|since|until|till|by|last|next|early|late|mid|on|through|to|from|and|"
    r"during|before|after|this|every))[ \t,.-]+$",
    re.IGNORECASE,
)
_STARTS: Final = re.compile(r"(?:^|[.!?:;\n\r•*>\]\"“(|/–—-])[ \t]*$")
_NEXT_WORD: Final = re.compile(r"[ \t]([^\W\d_]+)")
_LAST_WORD: Final = re.compile(r"([^\W\d_]+)[ \t]$")
#: The third person, which neither follows a modal verb nor an adjective.
_VERBS: Final = (
    "is was has had does did says said states stated reports reported denies denied complains complained feels felt "
    "came comes went goes presents presented returns returned takes took lives lived works worked wants wanted called "
    "calls asked asks agreed agrees understands understood tolerated tolerates underwent received receives remains "
    "remained appears appeared seems sees saw fell developed described describes arrived will would can could should "
    "es fue era está estaba ha había tiene tenía refiere niega acude ingresa presenta presentó vive"
)
_THIRD_PERSON: Final = frozenset(_VERBS.split())


class Context:
    """A text in which strings are found, and what its capitals mean.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _small(self) -> bool:
        """Whether the text has no capital, so that small letters say nothing."""
        return not any(map(str.isupper, self._text))

    def stands(self, start: int, end: int, manner: Manner) -> bool:
        """Whether a string stands in the text as the module says.

        Args:
            start: Where the string begins.
            end: One past its last character.
            manner: What is asked for.
        """
        match manner:
            case "anywhere":
                return True
            case "capitalised":
                return not self._text[start].islower() or self._small
            case "as a number":
                return _as_number(self._text, start, end)
            case "behind a title":
                return self._behind_title(start)
            case "as a name":
                return self._behind_title(start) or self._as_name(start, end)

    def _behind_title(self, start: int) -> bool:
        before = self._text[max(0, start - _BEFORE) : start]
        if self._text[start].isupper():
            return bool(_TITLE.search(before) or _LABEL.search(before))
        return bool(_TITLE.search(before)) and self._small

    def _as_name(self, start: int, end: int) -> bool:
        word = self._text[start:end]
        before, after = self._text[max(0, start - _BEFORE) : start], self._text[end : end + _BEFORE]
        if word[0].islower():
            return self._small and not is_ordinary(word)
        if not is_ordinary(word):
            return not (word.isupper() and len(word) > 1) and not re.match(r"[ \t]*\d", after)
        if _is_month(word, before, after) or _is_among_capitals(word, before, after):
            return False
        following = _NEXT_WORD.match(after)
        if following and following[1][0].isupper():
            return not is_ordinary(following[1])
        return _begins_as_name(after) if _STARTS.search(before) else True


def _is_month(word: str, before: str, after: str) -> bool:
    return word.lower() in _MONTHS and bool(_WHEN.search(before) or re.match(r"[ \t,.-]*['’]?\d", after))


def _is_among_capitals(word: str, before: str, after: str) -> bool:
    beside = (_LAST_WORD.search(before), _NEXT_WORD.match(after))
    return word.isupper() and any(found and found[1].isupper() and len(found[1]) > 1 for found in beside)


def _begins_as_name(after: str) -> bool:
    """Whether a capitalised word with which a sentence begins is a name, by what follows it."""
    following = _NEXT_WORD.match(after)
    if following:
        return following[1] in _THIRD_PERSON
    rest = after.lstrip(" \t,")
    return not (rest[:1].isdigit() or (after[:1] == "," and rest[:1].islower()) or after[:1] == "-")


def _as_number(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - _BEFORE) : start], text[end : end + _BEFORE]
    if _JOINED_BEFORE.search(before) or _JOINED_AFTER.match(after) or _UNIT.match(after):
        return False
    return not _YEAR.fullmatch(text, start, end) or bool(_NUMBER_LABEL.search(before))
