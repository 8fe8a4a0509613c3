"""A causal language model with its tokenizer, as everything here that samples, scores or trains takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fedaug.augmentation.candidates import Dependence

if TYPE_CHECKING:  # both take seconds to import
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A causal language model in evaluation mode, with its tokenizer.

    Args:
        model: Gives ``logits`` for ``input_ids``; takes ``attention_mask``, ``position_ids`` and a KV cache.
        tokenizer: Its tokenizer, which neither pads nor truncates.
        begin_id: The token that stands before a text, or None where the model knows none (Qwen).
        end_id: The token after which a text has ended.
        pad_id: Fills rows up; always masked, so any token does.
        max_tokens: Most tokens of prompt and text together.
        name: Names it in reports: a folder's name, or ``"embedded"``.
        dependence: What its weights depend on besides public data.
        controlled: Whether it was taught control prefixes (:mod:`fedaug.augmentation.control`).
        also_ends: Further tokens that end a text, such as the end of a chat turn.
        spell: What is made of a decoded text, where tokens do not say how it is written; None to leave it.
    """

    model: PreTrainedModel = field(repr=False)
    tokenizer: Tokenizer = field(repr=False)
    begin_id: int | None
    end_id: int
    pad_id: int
    max_tokens: int
    name: str
    dependence: Dependence = Dependence.PUBLIC
    controlled: bool = False
    also_ends: frozenset[int] = frozenset()
    spell: Callable[[str], str] | None = field(default=None, repr=False)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.model.device

    @property
    def end_ids(self) -> frozenset[int]:
        """Every token that ends a text."""
        return self.also_ends | {self.end_id}

    @cached_property
    def vocabulary(self) -> int:
        """One more than the tokenizer's last token; the model may have rows for more, which are never sampled."""
        return max(self.tokenizer.get_vocab(with_added_tokens=True).values()) + 1

    @cached_property
    def never_written(self) -> tuple[int, ...]:
        """Tokens that no text holds: fillers, masks and other special ones, but those that end a text."""
        added = self.tokenizer.get_added_tokens_decoder()
        special = {token for token, meaning in added.items() if meaning.special} | {self.pad_id}
        if self.begin_id is not None:
            special.add(self.begin_id)
        return tuple(sorted(special - self.end_ids))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Each text's tokens, without begin and end."""
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [list(encoding.ids) for encoding in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens; special ones are left out."""
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return self.spell(text) if self.spell else text
