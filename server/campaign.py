"""A campaign's settings, and the plan that follows from them: which releases, with how much noise each."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator, model_validator

from fedaug.augmentation.generators.label_words import label_words
from fedaug.augmentation.registry import MODEL_GENERATOR
from fedaug.errors import ConfigError, InvalidBudget, MissingFile
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import AboveThresholdEvent, DiscreteGaussianEvent, Event, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.server.adaptation import AdaptationSettings, adapter_template, balanced, planned_terms
from fedaug.server.aggregation import AggregationSettings, why_impossible
from fedaug.strategies.messages import CampaignPlan, NearnessTest, SampleOffer, TrustModel
from fedaug.strategies.vetting.options import GateSetting


class Settings(BaseModel):
    """Frozen and closed; errors never quote a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Shares(Settings):
    """How the privacy budget is divided over what is asked; only the proportions count.

    A share is a share of 1/σ², in which Gaussian releases add up. Class statistics get most of it: with noise added by
    every site for itself, they tell more per unit of ε than votes do. An adaptation of a language model, where there
    is one, gets three times what all of them get: with less it learns next to nothing.
    """

    statistics: float = Field(0.65, gt=0)
    counts: float = Field(0.05, gt=0)
    votes: float = Field(0.25, gt=0)
    metric: float = Field(0.05, gt=0)
    nearness: float = Field(0.1, gt=0)
    adaptation: float = Field(3.0, gt=0)


class PrivacySettings(Settings):
    """What is promised to a unit, over the whole campaign.

    Of a subject with more records than ``records_per_unit``, the first so many count.

    Attributes:
        max_sites_per_unit: How many sites may hold data of one unit; 1 says that sites hold different people.
        tuning_runs: Campaigns that were run on these records before, to choose settings; each was charged by itself.
    """

    epsilon: float = Field(gt=0, allow_inf_nan=True)
    delta: float = Field(gt=0, lt=1)
    unit: PrivacyUnit = PrivacyUnit.RECORD
    records_per_unit: int = Field(100, ge=1, le=LIMITS.records_per_unit)
    max_sites_per_unit: int = Field(1, ge=1, le=LIMITS.sites)
    tuning_runs: int = Field(0, ge=0)
    trust_model: Literal[TrustModel.LOCAL] = TrustModel.LOCAL
    shares: Shares = Shares()

    @field_validator("epsilon")
    @classmethod
    def _not_nan(cls, value: float) -> float:
        if math.isnan(value):
            raise ValueError("not a number")
        return value

    @field_serializer("epsilon")
    def _plain(self, value: float) -> float | str:
        return "inf" if math.isinf(value) else value


class Source(Settings):
    """One generator of candidates, by its registered name, and its options.

    An optional one is left out where a data set that it reads is not on the machine.
    """

    generator: str
    corpora: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    optional: bool = False


class SteeringSettings(Settings):
    """How candidates are put to the vote and varied."""

    rounds: int = Field(3, ge=1, le=100)
    candidates_per_label: int = Field(40, ge=1, le=1_000)
    votes_per_record: int = Field(8, ge=1, le=100)
    survivors_per_label: int = Field(10, ge=1)
    variations_per_label: int = Field(40, ge=0)
    operators: tuple[str, ...] = ("splice", "word-swap")


class SupportSettings(Settings):
    """A class D gate on the pool: votes have to say that enough units are near a text. Costs nothing beyond them.

    Attributes:
        units: Fewest units.
        false_accept: Largest probability that a text with fewer passes.
        least_cosine: Between a text and a voted candidate that stands for it.
    """

    units: int = Field(ge=1)
    false_accept: float = Field(0.05, gt=0, le=0.5)
    least_cosine: float = Field(0.999, ge=-1, le=1)


class NearnessSettings(Settings):
    """A class D gate on the pool, by a release of its own: sites have to say that many units are near a text.

    Attributes:
        radius: Euclidean distance between unit vectors within which a unit's record is near.
        units: The public threshold.
        candidates: How many of the pool's texts are asked about, the best first.
        positives: After how many positive answers a site stops; the more, the more noise.
        sites: How many sites have to say so.
    """

    radius: float = Field(gt=0, le=2)
    units: int = Field(ge=1, le=LIMITS.noise_values)
    candidates: int = Field(500, ge=1, le=LIMITS.threshold_queries)
    positives: int = Field(100, ge=1, le=LIMITS.candidates)
    sites: int = Field(1, ge=1)


class OfferSettings(Settings):
    """Texts that sites are to offer, from a generator that their policies list."""

    generator: Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]
    count: int = Field(100, ge=1, le=LIMITS.batch_samples)
    attempts: int = Field(1, ge=1, le=100)
    outside_dp: bool = False


class PoolSettings(Settings):
    """How many samples a label gets in the pool."""

    per_label: int = Field(200, ge=1, le=10_000)


class CampaignConfig(Settings):
    """Everything that the coordinator and the sites agree on beforehand.

    Attributes:
        name: Names the campaign; its releases are made once.
        labels: The public label set.
        label_words: Plain words for labels whose name alone says little.
        seed: Makes everything but noise and keys reproducible.
        minimum_sites: A round counts when this many sites answered.
        answer_timeout_s: Seconds that a site has for one answer.
    """

    name: Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]
    title: str
    description: str = ""
    task: Literal["text-classification"] = "text-classification"
    labels: tuple[str, ...] = Field(min_length=2, max_length=LIMITS.labels)
    label_words: dict[str, str] = {}
    seed: int = 0
    minimum_sites: int = Field(1, ge=1)
    answer_timeout_s: float = Field(3_600, gt=0)
    privacy: PrivacySettings
    candidates: tuple[Source, ...] = Field(min_length=1)
    steering: SteeringSettings = SteeringSettings()
    gates: tuple[GateSetting, ...] = tuple(
        GateSetting(gate=name) for name in ("length", "repetition", "duplicate", "identifier")
    )
    support: SupportSettings | None = None
    nearness: NearnessSettings | None = None
    samples: OfferSettings | None = None
    adaptation: AdaptationSettings | None = None
    aggregation: AggregationSettings = AggregationSettings()
    pool: PoolSettings = PoolSettings()
    student: str = "linear"

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label is listed twice")
        if not set(self.label_words) <= set(self.labels):
            raise ValueError("words are given for a label that is not in the label set")
        return self

    @model_validator(mode="after")
    def _adapted_for_something(self) -> Self:
        adapted, offered = self.adaptation, self.samples
        texts = offered is not None and offered.generator == MODEL_GENERATOR
        if adapted is not None and not (texts or adapted.share_adapter):
            raise ValueError(
                f'adaptation without use: set samples.generator = "{MODEL_GENERATOR}", or adaptation.share_adapter'
            )
        return self

    @model_validator(mode="after")
    def _aggregation_works(self) -> Self:
        problem = why_impossible(
            self.aggregation, self.privacy.trust_model, self.minimum_sites, support=self.support is not None
        )
        if problem is not None:
            raise ValueError(problem)
        return self

    @property
    def budget(self) -> Budget:
        """What the campaign costs a unit at most."""
        return Budget(self.privacy.epsilon, self.privacy.delta)

    def words(self) -> list[str]:
        """Plain words for every label, in the order of the label set; headings' abbreviations are spelt out."""
        return [self.label_words.get(label) or " ".join(label_words(label)) or label for label in self.labels]


def load_campaign(path: Path, overrides: Mapping[str, Any] | None = None) -> CampaignConfig:
    """Read ``campaign.toml``.

    Args:
        path: The file.
        overrides: Values that take the place of the file's, by dotted name (``privacy.epsilon``).

    Raises:
        MissingFile: There is no such file.
        ConfigError: It is not TOML, or a setting is unknown or wrong.
        InvalidBudget: The privacy budget is no promise.
    """
    return campaign_from(read_toml(path), overrides or {})


def campaign_from(values: dict[str, Any], overrides: Mapping[str, Any]) -> CampaignConfig:
    """Check settings that have been read already; see :func:`load_campaign`."""
    try:
        return CampaignConfig.model_validate(with_overrides(values, overrides))
    except ValidationError as error:
        raise setting_error(error, "the campaign's settings") from None


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's values.

    Raises:
        MissingFile: There is no such file.
        ConfigError: It is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingFile(f"{path.name} is not in {path.parent}", "name a folder that holds it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not TOML ({type(error).__name__})", "mend the file's syntax") from None


def with_overrides(values: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of nested settings in which some are replaced, by dotted name.

    Raises:
        ConfigError: A dotted name leads through something that is not a table.
    """
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}
    for name, value in overrides.items():
        *tables, last = name.split(".")
        table = merged
        for part in tables:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"{name} is not a setting", "give table.setting as the file writes it")
            table[part] = table = dict(inner)
        table[last] = value
    return merged


def setting_error(error: ValidationError, whose: str) -> ConfigError | InvalidBudget:
    """One line for the first thing that is wrong, naming the setting and never its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or whose
    wrong = "is not a setting" if first["type"] == "extra_forbidden" else first["msg"]
    message = f"{where}: {wrong}"
    if first["loc"][:1] == ("privacy",) and first["loc"][-1:] in {("epsilon",), ("delta",)}:
        return InvalidBudget(message, "give ε above 0 and δ between 0 and 1")
    return ConfigError(message, f"mend {whose}")


def plan_campaign(config: CampaignConfig, encoder: str, dimensions: int) -> CampaignPlan:
    """Fix every release and its noise before the first is made, so that all together cost the budget.

    Every release has L2 sensitivity 1 to one unit (:mod:`fedaug.strategies.contributions`).

    Args:
        config: The campaign.
        encoder: The public embedding space, by name.
        dimensions: Its vectors' length.

    Raises:
        InvalidBudget: The budget cannot be kept by adding noise.
        InputError: A language model is to be adapted that cannot be used here.
    """
    shares, steering = config.privacy.shares, config.steering
    labels, rounds = len(config.labels), steering.rounds
    split = {
        "counts": (ReleaseKind.NOISY_COUNTS, shares.counts, labels),
        "statistics": (ReleaseKind.NOISY_STATISTICS, shares.statistics, labels * dimensions),
        **{
            f"votes/{turn}": (ReleaseKind.NOISY_VOTES, shares.votes / rounds, labels * steering.candidates_per_label)
            for turn in range(rounds)
        },
        "metric": (ReleaseKind.NOISY_METRIC, shares.metric, 2),
    }
    templates: list[Event] = [_template(key, kind, share, size) for key, (kind, share, size) in split.items()]
    nearness, offered = config.nearness, config.samples
    given = sum(share for _, share, _ in split.values())
    if nearness is not None:
        templates.append(_above_threshold(shares.nearness, nearness.positives))
        given += shares.nearness
    if config.adaptation is not None:
        run = adapter_template(config.adaptation)
        templates = balanced(templates, run, given, shares.adaptation, config.budget)
    events = calibrate(templates, config.budget)
    return CampaignPlan(
        campaign=config.name,
        labels=config.labels,
        unit=config.privacy.unit,
        epsilon=config.privacy.epsilon,
        delta=config.privacy.delta,
        trust_model=config.privacy.trust_model,
        encoder=encoder,
        dimensions=dimensions,
        votes_per_record=config.steering.votes_per_record,
        records_per_unit=config.privacy.records_per_unit,
        nearness=None
        if nearness is None
        else NearnessTest(radius=nearness.radius, units=nearness.units, candidates=nearness.candidates),
        samples=None if offered is None else SampleOffer(**offered.model_dump()),
        adaptation=None if config.adaptation is None else planned_terms(config.adaptation),
        events=tuple(event.as_dict() for event in events),
    )


def _above_threshold(share: float, positives: int) -> AboveThresholdEvent:
    """An above-threshold run that costs in zCDP, ε0²/2 at most, what a Gaussian release of that share would.

    Of ε0 the threshold gets 1 part and the counts c^(2/3) parts (Lyu, Su & Li 2017, section 4.2, for monotonic counts),
    so their scales are as 1 to c^(1/3), here to the nearest power of two, which puts both on one grid.
    """
    ratio = 2 ** round(math.log2(positives) / 3)
    scale = (1 + positives / ratio) / math.sqrt(share)
    return AboveThresholdEvent(
        "support", ReleaseKind.NOISY_SUPPORT, 1.0, scale, ratio * scale, grid_for(scale, 18), positives
    )


def _template(key: str, kind: ReleaseKind, share: float, size: int) -> DiscreteGaussianEvent:
    """A release with noise in proportion: shares of the budget are shares of 1/σ²."""
    noise = 1 / math.sqrt(share)
    return DiscreteGaussianEvent(key, kind, 1.0, noise, grid_for(noise), size)
