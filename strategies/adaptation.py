"""How sites adapt a language model to their records under DP: the public terms on which coordinator and sites agree.

Clip, noise, sampling rate, number of steps and of trained weights are the charged event's, which is in the plan beside
these terms: so no training can be other than what it is charged as.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from fedaug.augmentation.generators.language_model import Form
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.base import Message, Name

if TYPE_CHECKING:  # loads torch, which takes seconds
    from fedaug.augmentation.lora import AdapterSpec

#: The release of a plan that an adaptation is charged as.
ADAPTER_KEY: Final = "adapter"


class RecordChoice(StrEnum):
    """Which of a unit's records count in a step, where it has more than ``records_per_unit``.

    ``FIRST`` are always the same. ``ROTATE`` goes on where the step before ended, so that all of them come round. Both
    follow from the unit and the step's number alone.
    """

    FIRST = "first"
    ROTATE = "rotate"


class Schedule(StrEnum):
    """How the learning rate goes on after the warm-up: constant, or down to 0 by a line or half a cosine."""

    CONSTANT = "constant"
    LINEAR = "linear"
    COSINE = "cosine"


class Precision(StrEnum):
    """What matrices are multiplied in. Norms, clipping and sums are the same in both."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


class AdapterTraining(Message):
    """How adapters are trained, but for what their charged event says. No part may follow from records.

    Attributes:
        rank: Of the adapters.
        alpha: Their product is multiplied by alpha/rank.
        targets: Which layers get one; see :class:`fedaug.augmentation.lora.AdapterSpec`.
        ffa: Whether only B is trained.
        seed: Of A's first values, which are public.
        record_choice: Which of a unit's records count in a step.
        max_tokens: Of one record, control words included; what is beyond it is not read.
        expected_batch: What the noised sum is divided by: a public guess of sampling rate times units. A site's true
            number would tell its size.
        learning_rate: Adam's, at the end of the warm-up.
        warmup_steps: So many steps rise to it in a line.
        schedule: How it goes on.
        precision: In which matrices are multiplied; bfloat16 is faster on processors with instructions for it.
        stop_below: Stop when the signal, as :class:`fedaug.client.training.signal.Signal` defines it, is below this.
            It saves time and no ε.
    """

    rank: int = Field(8, ge=1, le=LIMITS.adapter_rank)
    alpha: float = Field(16.0, gt=0, lt=1e6)
    targets: tuple[Name, ...] = Field(("all",), min_length=1, max_length=100)
    ffa: bool = False
    seed: int = Field(0, ge=0, lt=2**63)
    record_choice: RecordChoice = RecordChoice.ROTATE
    max_tokens: int = Field(128, ge=2, le=LIMITS.adaptation_tokens)
    expected_batch: float = Field(gt=0, le=LIMITS.noise_values)
    learning_rate: float = Field(1e-3, gt=0, le=1)
    warmup_steps: int = Field(0, ge=0, le=LIMITS.adaptation_steps)
    schedule: Schedule = Schedule.CONSTANT
    precision: Precision = Precision.FLOAT32
    stop_below: float | None = Field(None, gt=0)

    @property
    def adapter(self) -> AdapterSpec:
        """The adapters."""
        from fedaug.augmentation.lora import AdapterSpec  # noqa: PLC0415 - loads torch

        return AdapterSpec(self.rank, self.alpha, self.targets, self.ffa, self.seed)


class AdaptationChoices(AdapterTraining):
    """What is chosen of an adaptation, and of the texts that the adapted model writes. No part may follow from records.

    Attributes:
        domain: What the records are about at large, for the control words before each.
        form: What they are; ``auto`` says "note" where a label is in capitals and "query" elsewhere.
        temperature: Of the texts that are sampled: above 1 more varied, below 1 more likely ones.
        top_p: The share of probability that their tokens are drawn from.
        text_tokens: Most tokens of a text.
        share_adapter: Whether the adapter itself leaves the site, which costs nothing more.
    """

    domain: Annotated[str, Field(max_length=LIMITS.name_chars)] = ""
    form: Form = "auto"
    temperature: float = Field(0.9, ge=0.05, le=5)
    top_p: float = Field(0.95, gt=0, le=1)
    text_tokens: int = Field(40, ge=4, le=LIMITS.adaptation_tokens)
    share_adapter: bool = False


class AdaptationTerms(AdaptationChoices):
    """An adaptation as sites are asked for it.

    Attributes:
        model: The base model's name, which tells people what to install.
        weights: SHA-256 of its files (:mod:`fedaug.augmentation.language.base_model`): a site that holds another model
            takes no part.
    """

    model: Name
    weights: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
