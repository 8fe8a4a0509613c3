"""The tagger's network: BERT (Devlin et al. 2019) with layout features and a head over BIO tags, in plain torch.

Written out rather than taken from transformers, whose import costs every command and worker process seconds, and so
that both the trainer and the tagger choose how a linear map is computed.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH: Final = 384
HEADS: Final = 12
INNER: Final = 1536  # width within a feed-forward block
VOCABULARY: Final = 30_522
POSITIONS: Final = 512
LAYERS: Final = 6  # of the pretrained model; a tagger may keep fewer
_EPSILON: Final = 1e-12  # the pretrained model's


class Linear(nn.Linear):
    """A linear map that is not drawn at random, for its weights are loaded: torch's generator is left alone."""

    def reset_parameters(self) -> None:
        """Nothing."""


class Table(nn.Embedding):
    """A table of vectors that is not drawn at random either."""

    def reset_parameters(self) -> None:
        """Nothing."""


def _attend(mixed: Tensor, mask: Tensor | None) -> Tensor:
    """Attention [rows, length, 384] in single steps: torch's fused form is slower in bf16, its gradient five times.

    The queries' scale (Vaswani et al. 2017, section 3.2.1) is part of the weights.
    """
    rows, length, _ = mixed.shape
    by_head = mixed.view(rows, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).contiguous()
    query, key, value = by_head.view(3, rows * HEADS, length, WIDTH // HEADS)
    logits = torch.bmm(query, key.transpose(1, 2))
    if mask is not None:
        logits = (logits.view(rows, HEADS, length, length) + mask).view(rows * HEADS, length, length)
    attended = torch.bmm(torch.softmax(logits, -1).to(value.dtype), value)
    return attended.view(rows, HEADS, length, WIDTH // HEADS).transpose(1, 2).reshape(rows, length, WIDTH)


def _dropped(hidden: Tensor, share: float, training: bool) -> Tensor:
    """Dropout with one mask for all places of a row (Gal and Ghahramani 2016): far fewer random numbers."""
    if not training or not share:
        return hidden
    kept = torch.rand(hidden.shape[0], 1, hidden.shape[2]) >= share
    return hidden * (kept / (1 - share)).to(hidden.dtype)


class Layer(nn.Module):
    """One transformer block: attention, then a feed-forward map, each followed by a normalisation (post-norm)."""

    def __init__(self) -> None:
        super().__init__()
        self.mix: nn.Module = Linear(WIDTH, 3 * WIDTH)  # query, key and value in one product
        self.attended: nn.Module = Linear(WIDTH, WIDTH)
        self.norm_attended = nn.LayerNorm(WIDTH, _EPSILON)
        self.widen: nn.Module = Linear(WIDTH, INNER)
        self.narrow: nn.Module = Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, _EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
        """Hidden states [rows, length, 384] after this block; the mask is added to the attention's logits."""
        attended = self.attended(_attend(self.mix(hidden), mask))
        hidden = self.norm_attended(hidden + _dropped(attended, dropout, self.training))
        fed = self.narrow(functional.gelu(self.widen(hidden)))
        return self.norm(hidden + _dropped(fed, dropout, self.training))  # type: ignore[no-any-return]  # torch types it so


class Network(nn.Module):
    """Word pieces and their layout features in, logits of tags out.

    Args:
        layers: How many of the pretrained blocks are kept, from the first.
        features: Rows of the table of layout features (see ``pieces.FEATURES``).
        tags: Size of the head.
        dropout: Share of values zeroed while training.
    """

    def __init__(self, *, layers: int, features: int, tags: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.words = Table(VOCABULARY, WIDTH)
        self.positions = Table(POSITIONS, WIDTH)
        self.features = Table(features, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, _EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.head = Linear(WIDTH, tags)

    def forward(self, ids: Tensor, features: Tensor, mask: Tensor) -> Tensor:
        """Logits, [rows, length, tags].

        Args:
            ids: Word pieces, int64 [rows, length].
            features: Case and gap of each piece as rows of the table, int64 [rows, length, 2]; their vectors add up.
            mask: False where a row is only filled up, bool [rows, length].
        """
        hidden = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.features(features).sum(2)
        hidden = _dropped(self.norm(hidden), self.dropout, self.training)
        # Leaving the mask out where nothing is masked is to add 0: the same result to the bit.
        ignored = None if mask.all() else torch.zeros(mask.shape, dtype=hidden.dtype).masked_fill_(~mask, -1e4)
        ignored = ignored if ignored is None else ignored[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, ignored, self.dropout)
        return self.head(hidden)  # type: ignore[no-any-return]  # torch types it so


class OneDnnLinear(nn.Module):
    """A linear map by oneDNN, on weights laid out once: on processors of AMD twice as fast as torch's own choice (MKL).

    Not differentiable; inference only.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self._bias = linear.bias.detach()

    @staticmethod
    def available() -> bool:
        """Whether this torch has the operator, which is not part of its public face."""
        built = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch types it not
        return bool(built) and hasattr(torch.ops.mkldnn, "_linear_pointwise")

    def forward(self, inputs: Tensor) -> Tensor:
        """``inputs @ weight.T + bias``."""
        return torch.ops.mkldnn._linear_pointwise(inputs, self._weight, self._bias, "none", [], "")  # type: ignore[no-any-return]  # untyped operator
