"""The public embedding space: texts in, unit vectors out.

A text's vector is a function of that text alone, to the bit, whatever else is embedded beside it. A batch's
number of rows therefore follows from its length alone, a row is padded by its own length only, and a batch that is not
full repeats a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel
from transformers.utils.logging import disable_progress_bar

from fedaug.augmentation.space import PACKAGED_SPACE
from fedaug.privacy.pretrained import weights_folder

Progress = Callable[[int, int], None]

_LENGTH_STEP: Final = 4  # tokens; a finer step leaves more batches half empty, a coarser one pads more
_MAX_TOKENS: Final = 256  # what the model was trained on
#: Rows of a batch, by the most tokens it holds (docs/adr/0003): short texts gain from company; long ones fill the cores
#: alone, and a row that only fills a batch up costs as much as a text.
_ROWS: Final = {24: 8, 48: 4, 96: 2, _MAX_TOKENS: 1}


class Encoder(Protocol):
    """Maps texts into a public embedding space."""

    @property
    def name(self) -> str:
        """Names the space; vectors of different names cannot be compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit row vectors, float32 [len(texts), dimensions]."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 (22.7 M parameters, Apache-2.0) with mean pooling, from the package that carries its weights.

    Wang et al. 2020, "MiniLM: Deep Self-Attention Distillation"; Reimers & Gurevych 2019, "Sentence-BERT", section 3.
    """

    name, dimensions = PACKAGED_SPACE

    def __init__(self) -> None:
        folder = weights_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        # The weights load in an instant, and the bar would stand in every script's output.
        disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types it not
        self._model = BertModel.from_pretrained(folder, attn_implementation="sdpa")
        self._model.train(False)

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit row vectors, float32 [len(texts), 384].

        Args:
            texts: Any texts; what lies beyond 256 word pieces is not read.
            progress: Called after each batch with (texts done, texts in all).
        """
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, ids in enumerate(tokens):
            by_length[-(-len(ids) // _LENGTH_STEP) * _LENGTH_STEP].append(index)
        vectors = np.zeros((len(tokens), self.dimensions), np.float32)
        done = 0
        for length in sorted(by_length):
            indices = by_length[length]
            rows = next(rows for most, rows in _ROWS.items() if length <= most)
            for start in range(0, len(indices), rows):
                batch = indices[start : start + rows]
                filled = [tokens[index] for index in batch] + [tokens[batch[0]]] * (rows - len(batch))
                vectors[batch] = self._forward(filled, length)[: len(batch)]
                done += len(batch)
                if progress is not None:
                    progress(done, len(tokens))
        return vectors

    def _forward(self, rows: list[list[int]], length: int) -> NDArray[np.float32]:
        ids = torch.zeros(len(rows), length, dtype=torch.long)
        mask = torch.zeros(len(rows), length, dtype=torch.long)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            unit: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        return unit
