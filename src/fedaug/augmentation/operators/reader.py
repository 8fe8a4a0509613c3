"""Likelihoods from a local language model: how probable a text is after a prompt.

Each question is computed by itself, in batches whose shapes follow from the question alone, so that an answer is the
same to the bit whatever else is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.language.model import LanguageModel
from fedaug.errors import MalformedRow

if TYPE_CHECKING:  # takes seconds to import
    import torch

Floats = NDArray[np.float64]
Row = tuple[list[int], list[int]]
"""The tokens before a text, and the text's own."""

_LOGITS_AT_ONCE: Final = 60_000_000  # rows times length times vocabulary: 240 MB


class Reader:
    """Reads with one model.

    Args:
        model: Gives the likelihoods.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    def log_likelihoods(self, prompts: Sequence[str], texts: Sequence[str]) -> Floats:
        """Natural logarithm of the probability of each text after its prompt, summed over its tokens; float64 [n].

        Args:
            prompts: One for each text.
            texts: With the blank that parts them from the prompt, for a tokenizer that sees blanks.

        Raises:
            MalformedRow: A prompt and its text are too long for the model together.
        """
        begin = [] if self.model.begin_id is None else [self.model.begin_id]
        # A text needs a token before it, and without a begin token the end of another text is one.
        fronts = [begin + ids or [self.model.end_id] for ids in self.model.encode(prompts)]
        rows = list(zip(fronts, self.model.encode(texts), strict=True))
        if max((len(front) + len(ids) for front, ids in rows), default=0) > self.model.max_tokens:
            raise MalformedRow(
                f"a text is too long for {self.model.name}, which reads {self.model.max_tokens} tokens",
                "have the length gate leave such texts out, or use another model",
            )
        found = [self._scored(batch) for batch in self._batches(rows)]
        return np.concatenate(found) if found else np.zeros(0)

    def _batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        longest = max((len(front) + len(ids) for front, ids in rows), default=1)
        size = max(1, _LOGITS_AT_ONCE // (longest * self.model.vocabulary))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def _scored(self, rows: Sequence[Row]) -> Floats:
        import torch  # noqa: PLC0415 - takes seconds

        length = max(len(front) + len(ids) for front, ids in rows)
        ids = torch.full((len(rows), length), self.model.pad_id)
        mask = torch.zeros(len(rows), length, dtype=torch.long)
        own = torch.zeros(len(rows), length - 1, dtype=torch.bool)
        for row, (front, text) in enumerate(rows):
            end = len(front) + len(text)
            ids[row, :end] = torch.tensor(front + text)
            mask[row, :end] = 1
            own[row, len(front) - 1 : end - 1] = True
        ids, mask, own = (tensor.to(self.model.device) for tensor in (ids, mask, own))
        with torch.inference_mode():
            logits = self._logits(ids, mask)[:, :-1][own]
            chosen = logits.log_softmax(-1).gather(1, ids[:, 1:][own][:, None])[:, 0].double()
            sums = torch.zeros(len(rows), dtype=torch.float64, device=chosen.device)
            sums.index_add_(0, own.nonzero()[:, 0], chosen)
        result: Floats = sums.cpu().numpy()
        return result

    def _logits(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of the tokens that the tokenizer knows, [rows, length, vocabulary]; rows are filled up behind."""
        output: Any = self.model.model(input_ids=ids, attention_mask=mask)
        logits: torch.Tensor = output.logits[..., : self.model.vocabulary].float()
        return logits
