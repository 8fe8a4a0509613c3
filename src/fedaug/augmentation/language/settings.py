"""How texts are sampled: one frozen record of settings, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fedaug.errors import ConfigError

#: Below this a positive temperature amplifies float rounding into other tokens; 0 takes the likeliest token.
LEAST_TEMPERATURE: Final = 0.05
_MOST_TOKENS: Final = 4_096


@dataclass(frozen=True)
class SamplingSettings:
    """Settings of sampling; every one is a public constant, none may come out of records.

    Args:
        max_new_tokens: Most tokens of a text.
        min_new_tokens: Fewest tokens before a text may end.
        temperature: Divides the logits; 0 takes the likeliest token each time.
        top_p: Tokens are drawn from the smallest set that holds this much probability (Holtzman et al. 2020, "The
            Curious Case of Neural Text Degeneration", section 3.1).
        repetition_penalty: Above 1, tokens that a text holds already become less likely (Keskar et al. 2019, "CTRL",
            section 4.1). Counts what was generated, not the prompt, whose words a text is to use.
        no_repeat_ngram: A run of so many tokens comes once only in a text (Paulus et al. 2018, section 2.5); 0: any.
        stop: Characters at which a text ends; they are not part of it.

    Raises:
        ConfigError: A setting is out of range.
    """

    max_new_tokens: int = 40
    min_new_tokens: int = 3
    temperature: float = 0.8
    top_p: float = 0.95
    repetition_penalty: float = 1.1
    no_repeat_ngram: int = 4
    stop: str = "\n"

    def __post_init__(self) -> None:
        for wrong, what, todo in (
            (not 1 <= self.max_new_tokens <= _MOST_TOKENS, "max_new_tokens", f"1 to {_MOST_TOKENS}"),
            (not 0 <= self.min_new_tokens <= self.max_new_tokens, "min_new_tokens", "0 to max_new_tokens"),
            (
                not (self.temperature == 0 or LEAST_TEMPERATURE <= self.temperature <= 5),
                "temperature",
                "0, or 0.05 to 5",
            ),
            (not 0 < self.top_p <= 1, "top_p", "more than 0 and at most 1"),
            (not 1 <= self.repetition_penalty <= 10, "repetition_penalty", "1 to 10"),
            (not (self.no_repeat_ngram == 0 or 2 <= self.no_repeat_ngram <= 20), "no_repeat_ngram", "0, or 2 to 20"),
        ):
            if wrong:
                raise ConfigError(f"sampling's {what} is out of range", f"give {todo}")
