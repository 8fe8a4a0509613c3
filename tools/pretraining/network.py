"""The model as it is trained: the package's encoder as a causal decoder, its embedding table frozen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import torch
from tools.pretraining.mixture import Batch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertLMHeadModel

from fedaug.augmentation.embedded.base import decoder

FREQUENT, DRAWN = 6_000, 2_000  # tokens that every sampled softmax has; drawn for it from the others
_LEAST = 0.1


def trainable(tokens: Iterable[int]) -> BertLMHeadModel:
    """The base with its table frozen, and a head that begins with how frequent each token is.

    Args:
        tokens: Of the training text, to count.
    """
    model = decoder()
    counts = Counter(tokens)
    total = sum(counts.values())
    size = model.config.vocab_size
    bias = torch.tensor([math.log((counts[token] + _LEAST) / (total + _LEAST * size)) for token in range(size)])
    with torch.no_grad():
        model.cls.predictions.bias.copy_(bias)
    model.get_input_embeddings().weight.requires_grad_(False)
    model.config._attn_implementation = "eager"  # on a CPU a third faster than "sdpa" for rows of this length
    return model


def scratch(model: BertLMHeadModel, seed: int) -> None:
    """Forget what the package taught, but for the table: the control run of the same size. Devlin et al. 2019: 0.02."""
    torch.manual_seed(seed)
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and "decoder" not in name:
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)


class Vocabulary:
    """Which tokens a sampled softmax is over (Jean et al. 2015, section 3): all frequent ones, a draw of the others.

    Args:
        bias: The head's first bias: tokens by frequency.
        seed: Of the draws.
    """

    def __init__(self, bias: Tensor, seed: int) -> None:
        order = torch.argsort(bias, descending=True)
        self._frequent, self._others = order[:FREQUENT], order[FREQUENT:]
        self._generator = torch.Generator().manual_seed(seed)
        self._places = torch.full((len(bias),), -1)
        self._places[self._frequent] = torch.arange(FREQUENT)
        # What is not drawn is made up for by those that are.
        self._corrections = torch.zeros(FREQUENT + DRAWN)
        self._corrections[FREQUENT:] = math.log(len(self._others) / DRAWN)

    def loss(self, states: Tensor, targets: Tensor, table: Tensor, bias: Tensor) -> Tensor:
        """Summed cross-entropy.

        Args:
            states: What the head sees, [tokens, width].
            targets: [tokens].
            table: [vocabulary, width].
            bias: [vocabulary].
        """
        drawn = self._others[torch.randint(len(self._others), (DRAWN,), generator=self._generator)]
        tokens = torch.cat([self._frequent, drawn])
        logits = functional.linear(states, table[tokens], bias[tokens] + self._corrections).float()
        places = self._places[targets]
        (rare,) = (places < 0).nonzero(as_tuple=True)
        if len(rare):
            # A rare target stands in the last column, and is not counted a second time where it was drawn.
            row, column = (targets[rare, None] == drawn).nonzero(as_tuple=True)
            logits[rare[row], FREQUENT + column] = -math.inf
            logits[rare, -1] = (states[rare] * table[targets[rare]]).sum(-1).float() + bias[targets[rare]]
            places = places.masked_fill(places < 0, logits.shape[1] - 1)
        return functional.cross_entropy(logits, places, reduction="sum")


def hidden(model: BertLMHeadModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """What the head sees before each learnt token, [learnt, width], and those tokens."""
    states = model.bert(input_ids=batch.ids[:, :-1], use_cache=False).last_hidden_state
    learnt = batch.learnt[:, 1:]
    return model.cls.predictions.transform(states[learnt]), batch.ids[:, 1:][learnt]


def loss(model: BertLMHeadModel, batch: Batch, vocabulary: Vocabulary | None) -> Tensor:
    """Summed cross-entropy of the learnt tokens; over a sampled vocabulary, where one is given."""
    states, targets = hidden(model, batch)
    table, bias = model.get_input_embeddings().weight, model.cls.predictions.bias
    if vocabulary is None:
        logits = functional.linear(states, table, bias)
        return functional.cross_entropy(logits.float(), targets, reduction="sum")
    return vocabulary.loss(states, targets, table, bias)
