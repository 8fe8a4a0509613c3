"""Tiny random causal language models of every supported shape, and what is needed to adapt them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertLMHeadModel,
    Gemma2Config,
    Gemma2ForCausalLM,
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.lora import LoraLayer, attach, trained_values, trained_weights
from fedaug.client.training.adapt import AdaptationSteps, StepGradients
from fedaug.client.training.adaptation_plan import AdaptationPlan
from fedaug.client.training.passages import EncodedUnit, Passage, Row

WORDS = [f"w{number}" for number in range(200)]
VOCABULARY = len(WORDS) + 3  # padding, begin and end stand first
_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
_SMALL: Any = {**_SIZES, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
_GQA: Any = {**_SMALL, "num_key_value_heads": 2}
_GEMMA: Any = {**_GQA, "head_dim": 8}

MODELS: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=256, bos_token_id=1, eos_token_id=2
        )
    ),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**_GQA)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**_GQA)),
    "gemma": lambda: GemmaForCausalLM(GemmaConfig(**_GEMMA)),
    "gemma2, whose logits are capped": lambda: Gemma2ForCausalLM(Gemma2Config(**_GEMMA, final_logit_softcapping=0.5)),
    "bert as a decoder": lambda: BertLMHeadModel(BertConfig(**_SMALL, is_decoder=True)),
}


def language_model(kind: str = "llama", *, begin_id: int | None = 1) -> LanguageModel:
    """A tiny model with random weights, the same ones each time."""
    torch.manual_seed(3)
    model = MODELS[kind]().eval()
    words = {word: number for number, word in enumerate(["<pad>", "<s>", "</s>", *WORDS])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<pad>"))
    tokenizer.pre_tokenizer = Whitespace()
    return LanguageModel(model, tokenizer, begin_id, 2, 0, 256, kind)


def plan(**changes: Any) -> AdaptationPlan:
    """A plan that takes every unit at every step, unless changed."""
    values: dict[str, Any] = {
        "rank": 4,
        "noise_multiplier": 1.0,
        "sampling_rate": 1.0,
        "steps": 3,
        "expected_batch": 8,
        "max_tokens": 64,
        "clip": 0.5,
    }
    return AdaptationPlan.model_validate(values | changes)


def passages(count: int, seed: int = 0, most: int = 40) -> list[tuple[Passage, ...]]:
    """Units of one record each, of different lengths, with a prefix."""
    random = np.random.default_rng(seed)
    texts = [" ".join(random.choice(WORDS, int(random.integers(1, most)))) for _ in range(count)]
    return [(Passage(text, prefix=WORDS[number % 5]),) for number, text in enumerate(texts)]


def rows(count: int, seed: int = 0, most: int = 60) -> list[Row]:
    """Rows of random tokens, the first one to four of which carry no loss."""
    random = np.random.default_rng(seed)
    lengths = random.integers(6, most, count)
    return [Row(random.integers(3, VOCABULARY, int(each)), int(random.integers(1, 5))) for each in lengths]


def units_of(all_rows: Sequence[Row], sizes: Sequence[int]) -> list[EncodedUnit]:
    """Rows dealt out to units of these sizes, in order."""
    ends = np.cumsum(sizes)
    return [tuple(all_rows[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


class Attached:
    """A model with adapters whose B is not zero, so that A has gradients too."""

    def __init__(self, kind: str = "llama", chosen: AdaptationPlan | None = None) -> None:
        self.plan = chosen or plan()
        self.language_model = language_model(kind)
        self.model: Any = self.language_model.model
        self.layers: dict[str, LoraLayer] = attach(self.model, self.plan.adapter)
        generator = torch.Generator().manual_seed(4)
        for layer in self.layers.values():
            nn.init.normal_(layer.up, std=0.1, generator=generator)
        self.weights = [weight for _, weight in trained_weights(self.layers)]
        self.event = self.plan.planned_event(sum(weight.numel() for weight in self.weights))

    def gradients(self) -> StepGradients:
        return StepGradients(self.language_model, self.layers, self.plan, self.event)

    def steps(self) -> AdaptationSteps:
        return AdaptationSteps(self.language_model, self.layers, self.plan, self.event)

    def total(self, units: Sequence[EncodedUnit], step: int = 0) -> NDArray[np.int64]:
        """The units' clipped sum, int64 [values] in grid steps."""
        found: NDArray[np.int64] = self.gradients().total(units, step).numpy()
        return found

    def one_by_one(self, row: Row) -> list[Tensor]:
        """A row's gradients by autograd, alone and unpadded, from the model's own logits."""
        tokens = torch.from_numpy(row.tokens)[None]
        logits = self.model(input_ids=tokens[:, :-1]).logits[0]
        targets = slice(row.first_target, None)
        loss = nn.functional.cross_entropy(logits[row.first_target - 1 :], tokens[0, targets])
        return list(torch.autograd.grad(loss, self.weights))


def values_of(model: LanguageModel, chosen: AdaptationPlan) -> int:
    """How many weights a plan trains."""
    return trained_values(model.model, chosen.adapter)
