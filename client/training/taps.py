"""Gradients of every row by the direct rule: one forward and one backward pass, and small matrices combined per row.

For y = W x + s·B A x with output gradients g_t and inputs x_t of one row's tokens t, Σ over t gives

    ∂B = s Σ g_t (A x_t)ᵀ        ∂A = s Σ (Bᵀ g_t) x_tᵀ

(Goodfellow 2015, "Efficient per-example gradient computations", for a product of two small matrices). A row's
gradients are made, not only their norms: a unit's clipped gradient is rounded to the grid before the sum, and with r
far below the number of tokens T it costs T·r·(in + out) products, less than the T²·(in + out + 2r) of norms alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from fedaug.augmentation.lora import LoraLayer
from fedaug.errors import ConfigError, DefectError


class RowGradients:
    """Taps on all of a model's adapters. Entered as a context, it takes them off again.

    Args:
        layers: The adapted layers, as :func:`fedaug.augmentation.lora.attach` gives them.
    """

    def __init__(self, layers: Mapping[str, LoraLayer]) -> None:
        self._layers = dict(layers)
        self._found: dict[LoraLayer, tuple[Tensor | None, Tensor]] = {}

    @contextmanager
    def tapped(self) -> Iterator[None]:
        """While the block runs, backward passes leave each row's gradients here and none in the weights."""
        try:
            for layer in self._layers.values():
                layer.tap = self._tap
            yield
        finally:
            for layer in self._layers.values():
                layer.tap = None
            self._found.clear()

    def take(self) -> list[Tensor]:
        """Each trained weight's gradients of all rows, [rows, ...], in the order of ``trained_weights``.

        Raises:
            DefectError: A layer was not passed by the backward pass.
        """
        if len(self._found) != len(self._layers):
            raise DefectError("a layer gave no gradient", "report this with the model's architecture")
        taken: list[Tensor] = []
        for layer in self._layers.values():
            down, up = self._found[layer]
            taken += [up] if down is None else [down, up]
        self._found.clear()
        return taken

    def _tap(self, layer: LoraLayer, inputs: Tensor, outputs: Tensor) -> Tensor:
        if inputs.dim() != 3:
            raise ConfigError(
                f"a target takes inputs of {inputs.dim()} dimensions, for which there is no rule",
                "take targets that work on [rows, tokens, width]",
            )
        result: Tensor = _Adapted.apply(inputs, outputs, layer.down, layer.up, layer, self._found)  # type: ignore[no-untyped-call]  # torch's
        return result


class _Adapted(torch.autograd.Function):
    """Adds an adapter's product; backward notes each row's gradients and gives the weights none."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401  # torch's context takes any attribute
        inputs: Tensor,
        outputs: Tensor,
        down: Tensor,
        up: Tensor,
        layer: LoraLayer,
        found: dict[LoraLayer, tuple[Tensor | None, Tensor]],
    ) -> Tensor:
        down, up = down.to(outputs.dtype), up.to(outputs.dtype)
        low = inputs.to(outputs.dtype) @ down.T
        ctx.save_for_backward(inputs if layer.down.requires_grad else None, low, down, up)
        ctx.layer, ctx.found, ctx.input_dtype = layer, found, inputs.dtype
        flat = outputs.view(-1, outputs.shape[-1])
        return torch.addmm(flat, low.view(-1, low.shape[-1]), up.T, alpha=layer.scale).view_as(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401  # as above
        inputs, low, down, up = ctx.saved_tensors
        layer, gradient = ctx.layer, gradients[0]
        if layer in ctx.found:
            raise ConfigError("a target is used twice in one pass", "leave shared layers out of the targets")
        inner = (gradient @ up).mul_(layer.scale)
        found_up = torch.bmm(gradient.transpose(1, 2), low).float().mul_(layer.scale)
        found_down = None if inputs is None else torch.bmm(inner.transpose(1, 2), inputs.to(inner.dtype)).float()
        ctx.found[layer] = found_down, found_up
        back = (inner @ down).to(ctx.input_dtype) if ctx.needs_input_grad[0] else None
        return back, gradient, None, None, None, None
