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
        share = DRAWN / len(self._others)
        self._corrections = torch.cat([torch.zeros(FREQUENT), torch.full((DRAWN,), -math.log(share))])

    def draw(self) -> tuple[Tensor, Tensor]:
        """Tokens, and what is added to their logits because others were not drawn."""
        drawn = torch.randint(len(self._others), (DRAWN,), generator=self._generator)
        return torch.cat([self._frequent, self._others[drawn]]), self._corrections


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
    tokens, corrections = vocabulary.draw()
    others = functional.linear(states, table[tokens]).float() + bias[tokens] + corrections
    others = others.masked_fill(targets[:, None] == tokens, -math.inf)
    own = (states.float() * table[targets]).sum(-1) + bias[targets]
    return (torch.logaddexp(own, torch.logsumexp(others, -1)) - own).sum()
