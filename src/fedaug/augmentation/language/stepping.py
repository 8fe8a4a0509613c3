"""A batch of rows that grows by a token at a time: the KV cache, left padding, and dropping rows that have ended."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fedaug.augmentation.language.model import LanguageModel


@dataclass(frozen=True)
class Way:
    """How a model can be run.

    Args:
        cached: Keys and values of earlier tokens are kept; else every step runs the whole text again.
        padded: Rows may differ in length: shorter ones are padded on the left and their positions given. Else the
            prompts of one batch have one length.
    """

    cached: bool
    padded: bool


#: From the fastest to the one that every causal model can be run in.
WAYS = (Way(cached=True, padded=True), Way(cached=True, padded=False), Way(cached=False, padded=False))


class Rows:
    """Rows of one batch.

    Args:
        model: Gives the logits.
        prompts: Tokens of each row's prompt, begin included; at least one.
        way: How to run the model; unless it pads, all prompts have one length.
    """

    def __init__(self, model: LanguageModel, prompts: Sequence[Sequence[int]], way: Way) -> None:
        self._model, self._way, self._device = model, way, model.device
        self._takes = frozenset(inspect.signature(model.model.forward).parameters)
        longest = max(len(prompt) for prompt in prompts)
        pads = [longest - len(prompt) for prompt in prompts]
        filled = [[model.pad_id] * pad + list(prompt) for pad, prompt in zip(pads, prompts, strict=True)]
        self._ids = torch.tensor(filled, device=self._device)
        self._pads = torch.tensor(pads, device=self._device)
        self._cache: Any = None

    def first(self) -> torch.Tensor:
        """Logits of each row's next token, [rows, vocabulary]; rows of one prompt are computed once."""
        _, place, first_of = torch.unique(
            torch.cat([self._pads[:, None], self._ids], 1), dim=0, return_inverse=True, return_counts=True
        )
        if len(first_of) == len(self._ids):
            return self._forward(self._ids, self._pads)
        one_of_each = torch.zeros(len(first_of), dtype=torch.long, device=self._device)
        one_of_each[place] = torch.arange(len(place), device=self._device)
        logits = self._forward(self._ids[one_of_each], self._pads[one_of_each])
        if self._cache is not None:
            self._cache.batch_select_indices(place)
        return logits[place]

    def then(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits after one more token in each row, [rows, vocabulary]."""
        self._ids = torch.cat([self._ids, tokens[:, None]], 1)
        return self._forward(self._ids[:, -1:] if self._way.cached else self._ids, self._pads)

    def keep(self, rows: torch.Tensor) -> None:
        """Drop all rows but these."""
        self._ids, self._pads = self._ids[rows], self._pads[rows]
        if self._cache is not None:
            self._cache.batch_select_indices(rows)

    def alone(self, row: int) -> torch.Tensor:
        """Logits of one row's next token, [1, vocabulary], from its own tokens alone: no cache, no padding."""
        return self._logits(input_ids=self._ids[row : row + 1, int(self._pads[row]) :], use_cache=False)

    def _forward(self, ids: torch.Tensor, pads: torch.Tensor) -> torch.Tensor:
        given: dict[str, Any] = {"input_ids": ids, "use_cache": self._way.cached}
        if self._way.cached and self._cache is not None:
            given["past_key_values"] = self._cache
        if self._way.padded:
            places = torch.arange(self._ids.shape[1], device=self._device) - pads[:, None]
            given["attention_mask"] = (places >= 0).long()
            if "position_ids" in self._takes:
                given["position_ids"] = places[:, -ids.shape[1] :].clamp(min=0)
        return self._logits(**given)

    def _logits(self, **given: Any) -> torch.Tensor:  # noqa: ANN401 - a model's own keywords
        if "logits_to_keep" in self._takes:
            given["logits_to_keep"] = 1
        with torch.inference_mode():
            output = self._model.model(**given)
        if given["use_cache"]:
            self._cache = output.past_key_values
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits.cpu() if logits.device.type == "mps" else logits  # MPS knows no doubles, which the draw needs
