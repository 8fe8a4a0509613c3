"""How what sites send is put together: the rule, what counts as an anomaly, and what is done about one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fedaug.privacy.limits import LIMITS
from fedaug.strategies.robust import NormBound, Rule, Sum, load_rule


class AggregationSettings(BaseModel):
    """A campaign's table ``aggregation``.

    Attributes:
        rule: How sites' counts, class sums and votes are added up (:mod:`fedaug.strategies.robust`).
        hostile: f, how many sites the rule is to bear.
        units_per_site: For ``norm-bound``: how many units a site is publicly known to have at most.
        on_anomaly: Whether a flagged site's values are left out, or it is only named.
        false_alarm: Chance that one check flags a site that keeps to the protocol.
        most_votes: Share of a site's votes that one candidate may have.
        least_agreement: Least cosine of a site's class sums to the others'; 0 asks that they do not point away.
        most_of_one_label: Greatest probability that an offered text is of any one label.
        most_copied: Greatest probability that an offered text is like one of another site's.
        texts_per_label: Most texts of one site under each label; the first so many count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rule: Literal["sum", "norm-bound", "trimmed-mean", "median", "krum", "multi-krum"] = "sum"
    hostile: int = Field(1, ge=0, le=LIMITS.sites)
    units_per_site: int | None = Field(None, ge=1, le=LIMITS.noise_values)
    on_anomaly: Literal["flag", "set-aside"] = "flag"
    false_alarm: float = Field(0.001, gt=0, le=0.1)
    most_votes: float = Field(0.25, gt=0, le=1)
    least_agreement: float = Field(0.1, ge=0, lt=1)
    most_of_one_label: float = Field(0.5, gt=0, lt=1)
    most_copied: float = Field(0.2, gt=0, lt=1)
    texts_per_label: int | None = Field(None, ge=1, le=LIMITS.batch_samples)

    def loaded(self) -> Rule:
        """The rule."""
        return load_rule(self.rule, self.hostile, units=self.units_per_site)


def why_impossible(
    settings: AggregationSettings, trust_model: str, minimum_sites: int, *, support: bool = False
) -> str | None:
    """What keeps the settings from working in a campaign; None if nothing does.

    Args:
        settings: The table.
        trust_model: Whether sites' values are seen one by one.
        minimum_sites: With how many sites a round counts.
        support: Whether votes are to show how many units are near a text, which only their sum can.
    """
    if settings.units_per_site is not None and settings.rule != NormBound.name:
        return f'aggregation.units_per_site is for rule = "{NormBound.name}": leave it out'
    if trust_model == "secure-sum":
        if settings.rule != Sum.name:
            return f'aggregation.rule = "{settings.rule}" needs each site\'s values, and a secure sum hides them'
        if settings.on_anomaly == "set-aside":
            return 'aggregation.on_anomaly = "set-aside" needs each site\'s values, and a secure sum hides them'
    if support and settings.rule != Sum.name:
        return f'support counts units by the sum of votes, and aggregation.rule = "{settings.rule}" gives none'
    least = settings.loaded().least_sites
    if minimum_sites < least:
        bears = f"with hostile = {settings.hostile} " if settings.hostile else ""
        return f'aggregation.rule = "{settings.rule}" {bears}needs minimum_sites of at least {least}'
    return None
