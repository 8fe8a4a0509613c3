"""Ways to take a training step of a language model's adapters, for ``dp_step``: ours, plain ones, Opacus'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from opacus import GradSampleModule  # type: ignore[import-untyped]  # ships no types
from opacus.grad_sample import GradSampleModuleFastGradientClipping  # type: ignore[import-untyped]  # ships no types
from opacus.optimizers import DPOptimizer  # type: ignore[import-untyped]  # ships no types
from opacus.optimizers.optimizer_fast_gradient_clipping import (  # type: ignore[import-untyped]  # ships no types
    DPOptimizerFastGradientClipping,
)
from opacus.utils.fast_gradient_clipping_utils import (  # type: ignore[import-untyped]  # ships no types
    DPLossFastGradientClipping,
)
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertLMHeadModel
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.lora import adapters, attach, trained_weights
from fedaug.client.training.adapt import AdaptationSteps
from fedaug.client.training.adaptation_plan import AdaptationPlan
from fedaug.client.training.passages import EncodedUnit, Row, batches
from fedaug.client.training.token_loss import TokenLoss
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.pretrained import weights_folder

LEARNING_RATE = 1e-3


class Setting:
    """What all ways have in common: the embedded default's shape, rank-8 adapters, the same random tokens.

    Args:
        batch: Rows, one a unit.
        length: Tokens that the model reads of each.
        precision: "float32" or "bfloat16".
    """

    def __init__(self, batch: int, length: int, precision: str) -> None:
        self.precision = precision
        self.plan = AdaptationPlan.model_validate(
            {
                "noise_multiplier": 1.0,
                "sampling_rate": 1.0,  # all units are in the batch, so that every way gets the same
                "steps": 1_000_000,
                "expected_batch": batch,
                "learning_rate": LEARNING_RATE,
                "max_tokens": length + 1,
                "precision": precision,
            }
        )
        tokens = np.random.default_rng(0).integers(1000, 30_000, (batch, length + 1))
        self.tokens = torch.from_numpy(tokens)
        self.units: list[EncodedUnit] = [(Row(row, 1),) for row in tokens]

    def model(self) -> Any:  # noqa: ANN401  # transformers' classes are typed loosely
        disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types it not
        set_verbosity_error()  # type: ignore[no-untyped-call]  # the same; the head's own layers come untrained
        off = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        return BertLMHeadModel.from_pretrained(weights_folder(), is_decoder=True, **off).eval()

    def language_model(self) -> LanguageModel:
        tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        return LanguageModel(self.model(), tokenizer, begin_id=101, end_id=102, pad_id=0, max_tokens=512, name="MiniLM")

    def autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16")


class OurStep:
    """A whole step as ``adapt`` takes it: sample, gradients per row, clip, round, noise, Adam."""

    def __init__(self, setting: Setting) -> None:
        model = setting.language_model()
        self.steps = AdaptationSteps(model, attach(model.model, setting.plan.adapter), setting.plan)
        self.units, self.noise = setting.units, SystemNoise()

    def __call__(self) -> None:
        self.steps.take(self.units, 0, self.noise)

    def draw_noise(self) -> None:
        event = self.steps.event
        self.noise.discrete_gaussian((event.dimensions,), event.log2_steps)


class SameStep:
    """The same step without privacy: the same layers, batches and head, gradients by autograd, Adam."""

    def __init__(self, setting: Setting) -> None:
        model = setting.model()
        attach(model, setting.plan.adapter)
        self.weights = [weight for _, weight in trained_weights(adapters(model))]
        self.optimiser = torch.optim.Adam(self.weights, LEARNING_RATE)
        self.loss = TokenLoss(model, bfloat16=setting.precision == "bfloat16")
        self.units = setting.units

    def __call__(self) -> None:
        self.optimiser.zero_grad()
        for batch in batches(self.units, 0):
            self.loss.backward(torch.from_numpy(batch.tokens), torch.from_numpy(batch.weights))
        self.optimiser.step()


class UsualStep:
    """As one writes it without thinking of privacy or memory: one batch, the model's logits, cross-entropy, Adam."""

    def __init__(self, setting: Setting, *, full: bool = False) -> None:
        self.setting, self.model = setting, setting.model()
        if full:
            train_all_but_embeddings(self.model)
        else:
            attach(self.model, setting.plan.adapter)
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimiser: Any = torch.optim.Adam(self.weights, LEARNING_RATE)
        self.wrapped: Any = self.model

    def logits(self) -> Tensor:
        with self.setting.autocast():
            logits: Tensor = self.wrapped(input_ids=self.setting.tokens[:, :-1], use_cache=False).logits
        return logits.float()

    def __call__(self) -> None:
        self.optimiser.zero_grad()
        logits, targets = self.logits(), self.setting.tokens[:, 1:]
        nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()  # type: ignore[no-untyped-call]  # torch's
        self.optimiser.step()


class OpacusStep(UsualStep):
    """Opacus' hooks: gradients of every row kept for all weights. Adapters are two linear layers, as it wants them."""

    def __init__(self, setting: Setting, *, full: bool = False) -> None:
        super().__init__(setting, full=full)
        if not full:
            in_linear_layers(self.model)
        self.wrapped = GradSampleModule(self.model.train(), strict=False)
        self.optimiser = DPOptimizer(
            torch.optim.Adam(trained(self.model), LEARNING_RATE),
            noise_multiplier=1.0,
            max_grad_norm=1.0,
            expected_batch_size=len(setting.tokens),
        )


class GhostStep(UsualStep):
    """Opacus' ghost clipping: norms in one backward pass, the clipped sum in a second one."""

    def __init__(self, setting: Setting, *, full: bool = False) -> None:
        super().__init__(setting, full=full)
        if not full:
            in_linear_layers(self.model)
        self.wrapped = GradSampleModuleFastGradientClipping(self.model.train(), strict=False, max_grad_norm=1.0)
        self.optimiser = DPOptimizerFastGradientClipping(
            torch.optim.Adam(trained(self.model), LEARNING_RATE),
            noise_multiplier=1.0,
            max_grad_norm=1.0,
            expected_batch_size=len(setting.tokens),
        )
        self.criterion = DPLossFastGradientClipping(self.wrapped, self.optimiser, nn.CrossEntropyLoss())

    def __call__(self) -> None:
        self.optimiser.zero_grad()
        logits, targets = self.logits(), self.setting.tokens[:, 1:]
        self.criterion(logits.flatten(0, 1), targets.flatten(), shape=logits.shape).backward()
        self.optimiser.step()


class TwoLinear(nn.Module):
    """A frozen layer and an adapter of two linear layers."""

    def __init__(self, base: nn.Module, down: Tensor, up: Tensor, scale: float) -> None:
        super().__init__()
        self.base, self.scale = base, scale
        self.down = nn.Linear(*reversed(down.shape), bias=False)
        self.up = nn.Linear(*reversed(up.shape), bias=False)
        self.down.weight.data.copy_(down)
        self.up.weight.data.copy_(up)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.base(inputs) + self.scale * self.up(self.down(inputs))
        return outputs


def in_linear_layers(model: nn.Module) -> None:
    """Our adapters as pairs of linear layers, which Opacus has rules for."""
    for path, layer in adapters(model).items():
        parent, _, name = path.rpartition(".")
        pair = TwoLinear(layer.base, layer.down.detach(), layer.up.detach(), layer.scale)
        setattr(model.get_submodule(parent), name, pair)


def train_all_but_embeddings(model: Any) -> None:  # noqa: ANN401  # as above
    """Full fine-tuning as Opacus can do it: embeddings, and with them the tied head, stay as they are."""
    model.requires_grad_(False)
    model.bert.encoder.requires_grad_(True)


def trained(model: nn.Module) -> list[nn.Parameter]:
    """The weights that training changes."""
    return [weight for weight in model.parameters() if weight.requires_grad]


WAYS: dict[str, Callable[[Setting], Callable[[], None]]] = {
    "ours": OurStep,
    "same_not_private": SameStep,
    "usual_not_private": UsualStep,
    "opacus_hooks": OpacusStep,
    "opacus_ghost": GhostStep,
    "full_not_private": lambda setting: UsualStep(setting, full=True),
    "full_opacus_hooks": lambda setting: OpacusStep(setting, full=True),
    "full_opacus_ghost": lambda setting: GhostStep(setting, full=True),
}
