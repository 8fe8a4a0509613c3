"""From logits to tokens: what is forbidden, what is made less likely, and the draw."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch

from fedaug.augmentation.language.draws import gumbel
from fedaug.augmentation.language.settings import SamplingSettings

#: Logits of float32 differ by about 1e-5 between batches of different shapes. A choice closer than this is made again
#: from the row alone, in one shape, so that the batch never decides.
CLOSE: Final = 5e-4
_NEVER: Final = -torch.inf


class Choice(NamedTuple):
    """Tokens drawn, [rows], and whether each was so close that rounding may have decided it, [rows]."""

    tokens: torch.Tensor
    close: torch.Tensor


def penalise(logits: torch.Tensor, generated: torch.Tensor, penalty: float) -> None:
    """Make the tokens of each row's text less likely, in place (Keskar et al. 2019).

    Args:
        logits: [rows, vocabulary].
        generated: Tokens of each row's text so far, [rows, tokens].
        penalty: Divides positive logits and multiplies negative ones.
    """
    if penalty == 1 or not generated.shape[1]:
        return
    old = logits.gather(1, generated)
    logits.scatter_(1, generated, torch.where(old > 0, old / penalty, old * penalty))


def forbid_repeated_runs(logits: torch.Tensor, generated: torch.Tensor, length: int) -> None:
    """Forbid each token that would end a run of ``length`` tokens that the row's text holds already, in place."""
    if not length or generated.shape[1] < length:
        return
    runs = generated.unfold(1, length, 1)  # [rows, runs, length]
    again = (runs[..., :-1] == generated[:, None, 1 - length :]).all(-1)
    rows, places = again.nonzero(as_tuple=True)
    logits[rows, runs[rows, places, -1]] = _NEVER


def choose(logits: torch.Tensor, keys: torch.Tensor, step: int, settings: SamplingSettings) -> Choice:
    """Draw one token for each row.

    Exact for top-p without sorting the vocabulary: the order of log-probability plus Gumbel number is a draw without
    replacement, so its first token inside the nucleus is a draw from the nucleus.

    Args:
        logits: [rows, vocabulary], forbidden tokens at minus infinity.
        keys: ``row_key`` of each row, int64 [rows].
        step: How many tokens each text has already.
        settings: Temperature and top-p.
    """
    if settings.temperature == 0:
        best = logits.topk(2, dim=1)
        return Choice(best.indices[:, 0], best.values[:, 0] - best.values[:, 1] < CLOSE)
    logits = logits / settings.temperature
    close = CLOSE / settings.temperature
    probabilities = logits.softmax(1)
    # Tokens at or below this hold at most 1 - top_p together, so none of them is in the nucleus.
    least = (1 - settings.top_p) / logits.shape[1]
    rows, tokens = (probabilities > least).nonzero(as_tuple=True)
    scores = torch.full_like(logits, _NEVER)
    scores[rows, tokens] = (logits[rows, tokens] + gumbel(keys[rows], step, tokens)).to(scores.dtype)
    drawn = torch.empty(len(logits), dtype=torch.long, device=logits.device)
    unsure = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
    left = torch.arange(len(logits), device=logits.device)
    own_scores, own_probabilities = scores, probabilities  # of the rows that are left
    while len(left):
        top = own_scores.topk(2, dim=1)
        winner = top.indices[:, :1]
        drawn_probability = own_probabilities.gather(1, winner)
        likelier = torch.where(own_probabilities > drawn_probability, own_probabilities, 0.0).sum(1)
        drawn[left] = winner[:, 0]
        unsure[left] |= (top.values[:, 0] - top.values[:, 1] < close) | ((likelier - settings.top_p).abs() < close)
        again = likelier >= settings.top_p
        left, own_probabilities = left[again], own_probabilities[again]
        own_scores = own_scores[again].scatter_(1, winner[again], _NEVER)
    return Choice(drawn, unsure)
