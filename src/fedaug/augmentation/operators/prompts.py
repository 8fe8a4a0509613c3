"""What a model is told before it writes: control prefixes to one that was taught them, plain English to any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fedaug.augmentation.control import ControlPrefix, Kind, Length, fill_prompt, label_text, rewrite_prompt
from fedaug.augmentation.language.model import LanguageModel

_WHAT: dict[Kind | None, str] = {
    "query": "Messages from customers",
    "complaint": "Complaints from customers",
    "note": "Notes of a clinician",
    "text": "Texts",
    None: "Texts",
}


@dataclass(frozen=True)
class Setting:
    """What the texts of a campaign are, in public words.

    Args:
        domain: What they are about at large: "finance", "health" or "general".
        form: What they are: queries, complaints, notes or any text.
    """

    domain: str = ""
    form: Kind | None = None


class Prompts(Protocol):
    """Words prompts for one model. What follows a prompt is the text that it asks for."""

    def write(self, label: str, shown: Sequence[str]) -> str:
        """Asks for a text of a label, after texts of it that are shown."""
        ...

    def rewrite(self, text: str) -> str:
        """Asks for another text that says the same."""
        ...

    def fill(self, before: str, after: str) -> str:
        """Asks for the words between two stretches of text."""
        ...


class ControlledPrompts:
    """For a model that was taught control prefixes (:mod:`fedaug.augmentation.control`).

    It was never taught demonstrations, but runs of sentences under one prefix; so those shown stand as the sentences
    before the one that it writes.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def write(self, label: str, shown: Sequence[str]) -> str:
        """A control prefix, and the shown texts behind it."""
        short = bool(shown) and max(len(text.split()) for text in shown) < _SHORT_WORDS
        length: Length | None = "short" if short else None
        prefix = ControlPrefix(self._setting.domain, label, length, self._setting.form)
        return " ".join([str(prefix), *(_ended(text) for text in shown)])

    def rewrite(self, text: str) -> str:
        """As it was taught."""
        return rewrite_prompt(text)

    def fill(self, before: str, after: str) -> str:
        """As it was taught."""
        return fill_prompt(before, after)


class PlainPrompts:
    """For a model that knows nothing but text: a heading and a list that goes on, after Brown et al. 2020."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def write(self, label: str, shown: Sequence[str]) -> str:
        """A heading with the label's words, and a list whose next line is the text."""
        domain = f" in {self._setting.domain}" if self._setting.domain else ""
        heading = f"{_WHAT[self._setting.form]}{domain} about {label_text(label)}:"
        return "\n".join([heading, *(f"- {_line(text)}" for text in shown), "-"])

    def rewrite(self, text: str) -> str:
        """Two headings."""
        return f"A text: {_line(text)}\nThe same in other words:"

    def fill(self, before: str, after: str) -> str:
        """Two headings."""
        return f"A text with a gap: {_line(f'{before} ___ {after}')}\nThe missing words:"


_SHORT_WORDS = 18  # about 24 word pieces, which is what the model was taught to call short


def prompts_for(model: LanguageModel, setting: Setting) -> Prompts:
    """The words that this model understands."""
    return ControlledPrompts(setting) if model.controlled else PlainPrompts(setting)


def _line(text: str) -> str:
    return " ".join(text.split())


def _ended(text: str) -> str:
    line = _line(text)
    return line if line.endswith((".", "!", "?")) else f"{line}."
