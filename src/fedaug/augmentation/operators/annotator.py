"""Labels by likelihood: several ways to ask a language model which label a text has, and their mean."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from fedaug.augmentation.candidates import Candidate, Dependence, most_private
from fedaug.augmentation.control import label_text
from fedaug.augmentation.operators.prompts import Setting, prompts_for
from fedaug.augmentation.operators.reader import Floats, Reader
from fedaug.errors import BadNumber, ConfigError, UnknownLabel

_TEMPLATES: Final = (("Text: {}\nTopic:", "\n\n"), ("{}\nThis is about", ".\n\n"))
_CONTENT_FREE: Final = ("N/A", "...", "text")
_NEVER: Final = -1e9


class View(Protocol):
    """One way to ask."""

    def log_scores(self, text: str) -> Floats:
        """How likely each label is, as natural logarithms up to a constant; float64 [labels]."""


class DirectView:
    """How likely the label's words are after the text, less how likely they are after texts that say nothing.

    Without that a model prefers the labels that it has seen most (contextual calibration; Zhao et al. 2021, "Calibrate
    Before Use", section 5; for a label of several tokens the quotient of Holtzman et al. 2021, "Surface Form
    Competition").

    Args:
        reader: Reads.
        labels: The labels.
        template: Holds ``{}`` for the text; and what parts two of them.
        shown: Texts with labels that stand before the text, as far as they fill no more than half of what the model
            reads.
    """

    def __init__(
        self, reader: Reader, labels: Sequence[str], template: tuple[str, str], shown: Sequence[Candidate] = ()
    ) -> None:
        self._reader = reader
        self._words = [f" {label_text(label)}" for label in labels]
        self._template, between = template
        self._front = ""
        for one in shown:
            front = f"{self._front}{self._template.format(one.text)} {label_text(one.label or '')}{between}"
            if len(reader.model.encode([front])[0]) <= reader.model.max_tokens // 2:
                self._front = front
        empty = np.stack([self._likelihoods(text) for text in _CONTENT_FREE])
        self._bias = np.logaddexp.reduce(empty, axis=0) - np.log(len(empty))

    def log_scores(self, text: str) -> Floats:
        """Float64 [labels]."""
        scores: Floats = self._likelihoods(text) - self._bias
        return scores

    def _likelihoods(self, text: str) -> Floats:
        prompt = self._front + self._template.format(text)
        return self._reader.log_likelihoods([prompt] * len(self._words), self._words)


class ChannelView:
    """How likely the text is after a prompt for each label.

    Min et al. 2022, "Noisy Channel Language Model Prompting for Few-Shot Text Classification": each label
    has to explain the same words, so that no label is preferred for being frequent; and it is the direction in which a
    model with control prefixes was taught.

    Args:
        reader: Reads.
        prompts: One for each label.
    """

    def __init__(self, reader: Reader, prompts: Sequence[str]) -> None:
        self._reader, self._prompts = reader, list(prompts)

    def log_scores(self, text: str) -> Floats:
        """Float64 [labels]."""
        return self._reader.log_likelihoods(self._prompts, [f" {text}"] * len(self._prompts))


class Annotator:
    """A teacher that asks a language model in several ways, and believes each as much.

    The mean over ways of asking is the self-consistency of Wang et al. 2023, "Self-Consistency Improves Chain of
    Thought Reasoning in Language Models", section 2, with prompts and demonstrations in place of sampled reasoning. A
    text's probabilities follow from that text alone.

    Args:
        reader: Reads.
        labels: The labels to choose from.
        demonstrations: Public or DP texts with labels, to be shown; none for zero-shot.
        setting: What the texts are.
        views: How many ways to ask; each with its own words, and its own draw of demonstrations.
        shown: Most demonstrations in one question, or of one label where each label has a question.
        prior: Label -> how frequent it is, where that is known from public data or a DP count; all alike if not given.
        seed: Chooses the demonstrations.
        trained_on: What the model depends on, if that is more than it says itself.

    Raises:
        ConfigError: There are fewer than two labels, one is there twice, or no way to ask.
        UnknownLabel: A demonstration's label, or one of ``prior``, is none of the labels.
        BadNumber: A frequency is not above 0.
    """

    def __init__(
        self,
        reader: Reader,
        labels: Sequence[str],
        *,
        demonstrations: Sequence[Candidate] = (),
        setting: Setting | None = None,
        views: int = 2,
        shown: int = 3,
        prior: Mapping[str, float] | None = None,
        seed: int = 0,
        trained_on: Dependence = Dependence.PUBLIC,
    ) -> None:
        if len(labels) < 2 or len(set(labels)) < len(labels):
            raise ConfigError("labels are to be told apart, and there are not two different ones", "give the label set")
        if views < 1 or shown < 1:
            raise ConfigError("an annotator is to ask in no way, or to show nothing", "give numbers of 1 or more")
        if not {one.label for one in demonstrations} <= set(labels):
            raise UnknownLabel("a demonstration has a label outside the label set", "show texts of the campaign only")
        self.labels = tuple(labels)
        self.dependence: Dependence = most_private(max(trained_on, reader.model.dependence), demonstrations)
        self.name = reader.model.name
        self._log_prior = _log_prior(self.labels, prior)
        make = _channel_views if reader.model.controlled else _direct_views
        self._views = make(reader, self.labels, demonstrations, setting or Setting(), views, shown, seed)

    def opinions(self, text: str) -> Floats:
        """Each way's probabilities, float64 [views, labels].

        Raises:
            MalformedRow: The text is too long for the model.
        """
        scores = np.stack([view.log_scores(text) for view in self._views]) + self._log_prior
        shares: Floats = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        return shares

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Of each label for each text, float64 [texts, labels].

        Raises:
            MalformedRow: A text is too long for the model.
        """
        if not texts:
            return np.zeros((0, len(self.labels)))
        return np.stack([self.opinions(text).mean(axis=0) for text in texts])


def _log_prior(labels: Sequence[str], prior: Mapping[str, float] | None) -> Floats:
    if prior is None:
        return np.zeros(len(labels))
    if set(prior) != set(labels):
        raise UnknownLabel("frequencies are not given for each label and no other", "give one for each label")
    values = np.array([prior[label] for label in labels], np.float64)
    if not (np.isfinite(values) & (values > 0)).all():
        raise BadNumber("a label's frequency is not above 0 and finite", "give shares above 0")
    logarithms: Floats = np.log(values / values.sum())
    return logarithms


def _direct_views(
    reader: Reader,
    labels: Sequence[str],
    demonstrations: Sequence[Candidate],
    _setting: Setting,
    views: int,
    shown: int,
    seed: int,
) -> list[View]:
    rng = random.Random(f"annotator/{seed}")
    return [
        DirectView(
            reader,
            labels,
            _TEMPLATES[number % len(_TEMPLATES)],
            rng.sample(list(demonstrations), min(shown, len(demonstrations))),
        )
        for number in range(views)
    ]


def _channel_views(
    reader: Reader,
    labels: Sequence[str],
    demonstrations: Sequence[Candidate],
    setting: Setting,
    views: int,
    shown: int,
    seed: int,
) -> list[View]:
    """Demonstrations are shown only if every label has one: a label without would explain any text worse."""
    rng = random.Random(f"annotator/{seed}")
    own = {label: [one.text for one in demonstrations if one.label == label] for label in labels}
    whole = all(own.values())
    forms: tuple[Callable[[Setting], Setting], ...] = (
        lambda told: told,
        lambda told: replace(told, domain=""),
        lambda told: replace(told, form=None),
    )
    found: list[View] = []
    for number in range(views):
        prompts = prompts_for(reader.model, forms[number % len(forms)](setting))
        texts = {label: rng.sample(some, min(shown, len(some))) if whole else [] for label, some in own.items()}
        found.append(ChannelView(reader, [prompts.write(label, texts[label]) for label in labels]))
    return found
