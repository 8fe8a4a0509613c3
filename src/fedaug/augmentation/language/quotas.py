"""So many different texts for each label: what is cut short, repeated or banned is replaced, up to a cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fedaug.augmentation.language.acceptance import Acceptance, Reason
from fedaug.augmentation.language.sampling import Progress, Prompt, Sample, Sampler
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.errors import ConfigError

_SPARE: Final = 0.25  # so many more are drawn than are missing, since some will not do
_LEAST_DRAWN: Final = 16  # a label that wants one text may need more than a few tries


@dataclass(frozen=True)
class Quota:
    """What one label is to get.

    Args:
        label: The label.
        prompt: Tokens that ask for a text of it, begin included.
        count: Texts.
    """

    label: str
    prompt: tuple[int, ...] = field(repr=False)
    count: int


@dataclass(frozen=True)
class Filled:
    """What came of the quotas.

    Attributes:
        texts: Label -> its texts, in the order of the draws; fewer than its quota if the cap was reached.
        drawn: How many texts were drawn in all.
        refused: Reason -> texts that were not taken; ``"banned"`` are those that the sampler left out.
    """

    texts: dict[str, list[str]] = field(repr=False)
    drawn: int
    refused: Counter[str]


class _Label:
    """One label's draws, in order."""

    def __init__(self, quota: Quota, attempts: int) -> None:
        self.quota, self.accepted, self.drawn = quota, Acceptance(quota.label), 0
        self._most = max(_LEAST_DRAWN, attempts * quota.count)

    def next_prompts(self) -> list[Prompt]:
        """Draws for what is missing, and some more; none once the cap is reached."""
        missing = self.quota.count - len(self.accepted.texts)
        wanted = min(missing + int(missing * _SPARE) + 1 if missing > 0 else 0, self._most - self.drawn)
        numbers = range(self.drawn, self.drawn + wanted)
        self.drawn += wanted
        return [Prompt(f"{self.quota.label}/{number}", self.quota.prompt) for number in numbers]


def fill_quotas(
    sampler: Sampler,
    quotas: Sequence[Quota],
    settings: SamplingSettings,
    seed: int,
    *,
    attempts: int = 4,
    finished: Mapping[str, Sample] | None = None,
    on_sample: Callable[[Sample], None] | None = None,
    progress: Progress | None = None,
) -> Filled:
    """Draw texts until each label has its quota, or has drawn ``attempts`` times as many.

    What a label gets follows from its own quota, the settings and the seed, whatever the other labels and batches are.

    Args:
        sampler: Draws.
        quotas: Each label once.
        settings: How to draw.
        seed: Of every draw.
        attempts: Most draws for each text of a quota, though at least 16 for a label.
        finished: Samples of an earlier, interrupted run with the same arguments: they are not drawn again.
        on_sample: Called with each sample as soon as it is drawn, so that an interruption loses none.
        progress: Called with (texts taken, texts wanted).

    Raises:
        ConfigError: A label comes twice, or a count or the attempts are below 1.
    """
    if len({quota.label for quota in quotas}) < len(quotas):
        raise ConfigError("a label has two quotas", "name each label once")
    if attempts < 1 or any(quota.count < 1 for quota in quotas):
        raise ConfigError("a quota or the number of attempts is below 1", "give 1 or more")
    labels = [_Label(quota, attempts) for quota in quotas]
    refused: Counter[str] = Counter()
    wanted = sum(quota.count for quota in quotas)
    while asked := [(label, prompts) for label in labels if (prompts := label.next_prompts())]:
        drawn = dict(finished or {})
        new = [prompt for _, prompts in asked for prompt in prompts if prompt.key not in drawn]
        for sample in sampler.sample(new, settings, seed):
            drawn[sample.key] = sample
            if on_sample is not None:
                on_sample(sample)
            if progress is not None:
                progress(min(wanted, _taken(labels) + len(drawn)), wanted)
        for label, prompts in asked:
            refused.update(_take(label, [drawn.get(prompt.key) for prompt in prompts]))
        if progress is not None:
            progress(_taken(labels), wanted)
    texts = {label.quota.label: label.accepted.texts[: label.quota.count] for label in labels}
    return Filled(texts, sum(label.drawn for label in labels), refused)


def _taken(labels: Sequence[_Label]) -> int:
    return sum(min(len(label.accepted.texts), label.quota.count) for label in labels)


def _take(label: _Label, samples: Sequence[Sample | None]) -> list[str]:
    """Take samples in the order of their numbers, whenever each ended; returns why some were not taken."""
    reasons: list[Reason | str | None] = [
        "banned" if sample is None else label.accepted.take(sample) for sample in samples
    ]
    return [str(reason) for reason in reasons if reason is not None]
