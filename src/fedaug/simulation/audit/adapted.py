"""What an adapter tells of canaries, and whether the noised sums that it was made of are as they were planned.

The adapter is DP output, whether it leaves its site or not, so the audit may look at all of it. A canary that was put
in should be predicted better by the adapter than by the base model, compared with those that were left out: loss under
the base less loss under the adapter (Carlini et al. 2019, "The Secret Sharer", exposure; Yeom et al. 2018).

Guesses alone refute no claim above about ε 5 (:mod:`fedaug.privacy.audit.one_run`). The sums of training say more. Each
is a sum of clipped gradients and Gaussian noise of d values: its energy over σ² is noncentral chi-square of d degrees
of freedom with λ = ‖sum‖²/σ², in whatever way gradients follow from earlier steps. It has a least for λ = 0, and a most
for the λ that clipping allows (Birgé 2001, "An alternative point of view on Lepski's method", lemma 8.1). Noise that is
missing or too narrow, and gradients that no clip bounds, are heard there at any ε.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from fedaug.augmentation.generators.language_model import label_request
from fedaug.augmentation.language.loading import load_language_model, put_adapter
from fedaug.augmentation.language.model import LanguageModel
from fedaug.client.kept_adapters import KeptAdapter
from fedaug.client.training.adaptation_plan import planned_adaptation
from fedaug.client.training.passages import Passage, Row, encode_units
from fedaug.privacy.audit.figures import Loudest, Noise
from fedaug.strategies.messages import CampaignPlan

Floats = NDArray[np.float64]
_ROWS: Final = 16


@dataclass(frozen=True, repr=False)
class HeardAdapter:
    """What was seen of an adaptation at the audit's site.

    Attributes:
        model: The base model, ``embedded`` or a folder.
        kept: The adapter.
    """

    model: str
    kept: KeptAdapter

    def scores(self, plan: CampaignPlan, texts: Sequence[str], labels: Sequence[str]) -> Floats:
        """How much better the adapter predicts each text than the base model does, in nats, float64 [n]."""
        model = load_language_model(self.model)
        assert plan.adaptation is not None
        terms = plan.adaptation
        requests = {label: label_request(model, label, terms.domain, terms.form) for label in set(labels)}
        units = [(Passage(text, requests[label]),) for text, label in zip(texts, labels, strict=True)]
        rows = [row for (row,) in encode_units(model, units, planned_adaptation(plan))]
        before = losses(model, rows)
        put_adapter(model, self.kept.state, self.kept.spec)
        return before - losses(model, rows)

    def noise(self, confidence: float) -> tuple[Noise, ...]:
        """The quietest sum beside what planned noise has to be; none where no noise is planned."""
        event = self.kept.event
        if event.noise_off:
            return ()
        doubt = -math.log((1 - confidence) / self.kept.steps)
        least = max(0.0, 1 - 2 * math.sqrt(doubt / event.dimensions))
        heard = event.noise_std * math.sqrt(self.kept.energies.quietest)
        return (
            Noise(release=event.key, planned=event.noise_std, heard=heard, least=event.noise_std * math.sqrt(least)),
        )

    def loudest(self, units: int, confidence: float) -> Loudest | None:
        """The loudest sum beside what clipped gradients of so many units and the planned noise can be."""
        event = self.kept.event
        if event.noise_off:
            return None
        share = (1 - confidence) / (2 * self.kept.steps)
        sampled = max(1.0, float(stats.binom.isf(share, units, event.sampling_rate)))
        ceiling, doubt, size = (sampled / event.noise_multiplier) ** 2, -math.log(share), event.dimensions
        most = ceiling + 2 * math.sqrt((size + 2 * ceiling) * doubt) + 2 * doubt
        excess, spread = size * (self.kept.energies.loudest - 1), math.sqrt(2 * size)
        contribution = math.sqrt(max(excess, 0.0)) * event.noise_multiplier / sampled
        return Loudest(contribution=contribution, deviations=excess / spread, limit=most / spread)


@torch.inference_mode()
def losses(model: LanguageModel, rows: Sequence[Row]) -> Floats:
    """Each row's cross-entropy over the tokens that carry a loss in training, summed, float64 [n]."""
    found = np.zeros(len(rows))
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].tokens))
    for start in range(0, len(order), _ROWS):
        places = order[start : start + _ROWS]
        length = max(2, *(len(rows[place].tokens) for place in places))
        tokens = torch.full((len(places), length), model.pad_id, device=model.device)
        mask, own = torch.zeros_like(tokens), torch.zeros(len(places), length - 1, device=model.device)
        for number, place in enumerate(places):
            row = rows[place]
            tokens[number, : len(row.tokens)] = torch.from_numpy(row.tokens)
            mask[number, : len(row.tokens)] = 1
            own[number, row.first_target - 1 : len(row.tokens) - 1] = 1
        output = model.model(input_ids=tokens[:, :-1], attention_mask=mask[:, :-1])
        each = torch.nn.functional.cross_entropy(output.logits.float().transpose(1, 2), tokens[:, 1:], reduction="none")
        found[places] = (each * own).sum(1).double().cpu().numpy()
    return found
