"""How a model can be run, found by trying: architectures differ in caches, padding and positions."""

from __future__ import annotations

from typing import Final

import torch

from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.stepping import WAYS, Rows, Way
from fedaug.errors import UnknownFormat

_LENGTHS: Final = (7, 4)  # of the two prompts that are tried; they differ, so that one is padded
_STEPS: Final = 3
_FAR: Final = {torch.float32: 1e-3, torch.float64: 1e-6}  # relative difference of logits; rounding is far below
_FAR_LOW: Final = 5e-2  # for bfloat16 and float16, which round at 4e-3


def way_of(model: LanguageModel) -> Way:
    """The fastest way whose logits are those of each text run alone and whole.

    A model may take a KV cache and yet count positions wrongly beside padding (RoBERTa shapes count them from the
    padding token), or keep another kind of state (Mamba), which cannot be padded on the left.

    Raises:
        UnknownFormat: No way gives them: this is no causal language model.
    """
    generator = torch.Generator().manual_seed(0)
    draw = [torch.randint(model.vocabulary, (length + _STEPS,), generator=generator).tolist() for length in _LENGTHS]
    for way in WAYS if _causal(model, draw[0]) else ():
        rows = draw if way.padded else [row[: _LENGTHS[-1] + _STEPS] for row in draw]
        if _holds(model, way, rows):
            return way
    raise UnknownFormat(
        f"the model {model.name} does not predict each token from those before it", "name a causal language model"
    )


def _causal(model: LanguageModel, text: list[int]) -> bool:
    """Whether what comes later changes nothing: an encoder's weights may be loaded as if they were a decoder's."""
    ids = torch.tensor([text], device=model.device)
    with torch.inference_mode():
        whole, begun = (model.model(input_ids=ids[:, :most]).logits[0, 0].float() for most in (len(text), 1))
    return bool((whole - begun).norm() <= _far(model) * begun.norm())


def _far(model: LanguageModel) -> float:
    return _FAR.get(model.model.dtype, _FAR_LOW)


def _holds(model: LanguageModel, way: Way, texts: list[list[int]]) -> bool:
    try:
        rows = Rows(model, [text[:-_STEPS] for text in texts], way)
        logits = rows.first()
        for step in range(_STEPS):
            expected = torch.cat([rows.alone(row) for row in range(len(texts))])
            if not (logits - expected).norm() <= _far(model) * expected.norm():
                return False
            tokens = torch.tensor([text[step - _STEPS] for text in texts], device=model.device)
            logits = rows.then(tokens)
            if step == 0:  # rows change places, as dropped ones make them do
                order = torch.tensor([1, 0], device=model.device)
                rows.keep(order)
                logits, texts = logits[order], texts[::-1]
    except Exception:  # a model's code may fail in any way where it cannot be run in this one
        return False
    return True
