"""From hidden states to the gradient of the loss: the model's head, on the tokens that carry the loss and no others.

The loss of a row is the cross-entropy of its own tokens, weighted as the batch says. It is never asked of the model:
the built-in loss of Hugging Face models averages over all tokens of a batch, which makes a row's gradient depend on how
long its neighbours are. Nor is its value worked out: nothing may look at it.

The head is the largest matrix of a small model. It runs over the positions that need it, in blocks of one fixed shape,
and each block's gradient is made at once from its softmax, so that logits are never held for more than a block.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from fedaug.errors import ConfigError

#: Positions of a block: 15 MB of logits at 30,000 words.
_BLOCK: Final = 128
#: By how much our logits may differ from the model's own, relative to the largest.
_NEAR: Final = 1e-3


class _KeepInput(nn.Module):
    """Stands where the head was, and keeps what it would have got."""

    kept: Tensor

    def forward(self, hidden: Tensor) -> Tensor:
        self.kept = hidden
        return hidden[..., :1]  # whatever the model does with logits costs nothing on one column


class TokenLoss:
    """Forward and backward passes of a model, with a head of our own.

    Args:
        model: A Hugging Face causal language model whose head is one linear layer.
        bfloat16: Whether matrices are multiplied in bfloat16.

    Raises:
        ConfigError: The head is not a linear layer, or the model does more with its logits than is known here.
    """

    def __init__(self, model: PreTrainedModel, *, bfloat16: bool = False) -> None:
        head = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # transformers types it not
        if not isinstance(head, nn.Linear):
            raise ConfigError("the model's head is not a linear layer", "use a model whose logits are linear")
        path = next(path for path, module in model.named_modules(remove_duplicate=False) if module is head)
        parent, _, self._name = path.rpartition(".")
        self._model, self._parent, self._head = model, model.get_submodule(parent), head
        self._bfloat16 = bfloat16
        # Gemma 2 (Gemma Team 2024, section 2): logits are cap·tanh(logits/cap).
        cap = getattr(model.config, "final_logit_softcapping", None)
        self._cap = None if cap is None else float(cap)
        dtype = torch.bfloat16 if bfloat16 else head.weight.dtype
        self._weight = head.weight.detach().to(dtype)
        self._check()

    def backward(self, tokens: Tensor, weights: Tensor) -> None:
        """Send the gradient of Σ weight · cross-entropy through the model.

        Args:
            tokens: int64 [rows, length + 1].
            weights: float32 [rows, length]; 0 where a token carries no loss.
        """
        hidden = self._hidden(tokens[:, :-1])
        if hidden.requires_grad:  # not so where no adapter lies below the head
            hidden.backward(self._hidden_gradient(hidden.detach(), tokens[:, 1:], weights))  # type: ignore[no-untyped-call]  # torch's

    def _hidden(self, inputs: Tensor) -> Tensor:
        """What the head would get, [rows, length, width]. No mask: padding stands after a text, where none looks."""
        keeper = _KeepInput()
        setattr(self._parent, self._name, keeper)
        try:
            with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self._bfloat16):
                self._model(input_ids=inputs, use_cache=False, **self._positions(inputs))
        finally:
            setattr(self._parent, self._name, self._head)
        return keeper.kept

    def _positions(self, inputs: Tensor) -> dict[str, Any]:
        if "position_ids" not in inspect.signature(self._model.forward).parameters:
            return {}
        places = torch.arange(inputs.shape[1], device=inputs.device)
        return {"position_ids": places.expand_as(inputs)}

    def _hidden_gradient(self, hidden: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        width = hidden.shape[-1]
        needed = torch.nonzero(weights.reshape(-1))[:, 0]
        flat, flat_targets, flat_weights = hidden.reshape(-1, width), targets.reshape(-1), weights.reshape(-1)
        gradient = torch.zeros_like(flat)
        for start in range(0, len(needed), _BLOCK):
            places = needed[start : start + _BLOCK]
            # A block that is not full repeats a position: its shape, hence the rounding of every row, stays the same.
            filled = torch.cat([places, places[:1].expand(_BLOCK - len(places))])
            found = self._block(flat[filled], flat_targets[filled], flat_weights[filled])
            gradient[places] = found[: len(places)].to(gradient.dtype)
        return gradient.view_as(hidden)

    def _block(self, hidden: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """weight · Wᵀ(softmax - one-hot), [positions, width]; with a cap, times what tanh lets through."""
        logits, slope = self._logits(hidden)
        residual = torch.softmax(logits, dim=1, out=logits) if slope is None else torch.softmax(logits, dim=1)
        residual[torch.arange(len(targets), device=targets.device), targets] -= 1
        if slope is not None:
            residual *= slope
        gradient = residual.to(self._weight.dtype) @ self._weight
        return gradient.float() * weights[:, None]

    def _logits(self, hidden: Tensor) -> tuple[Tensor, Tensor | None]:
        logits = (hidden.to(self._weight.dtype) @ self._weight.T).float()
        if self._head.bias is not None:
            logits += self._head.bias.detach()
        if self._cap is None:
            return logits, None
        capped = torch.tanh(logits / self._cap)
        return capped * self._cap, 1 - capped**2

    @torch.no_grad()
    def _check(self) -> None:
        inputs = torch.arange(4, device=self._model.device)[None]
        own, _ = self._logits(self._hidden(inputs)[0])
        theirs = self._model(input_ids=inputs, use_cache=False, **self._positions(inputs)).logits[0].float()
        near = 0.1 if self._bfloat16 else _NEAR
        if not (own - theirs).abs().max() <= near * theirs.abs().max():
            raise ConfigError(
                "the model does more with its logits than a linear head does", "use another model for adaptation"
            )
