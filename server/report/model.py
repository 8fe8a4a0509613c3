"""The facts of one report: frozen values, checked when built, and their strict JSON.

Nothing here is worked out from records. Reference figures that read records directly (``nonprivate``, ``local_only``)
come from the simulation's oracle and are null in a deployment.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    ValidationError,
    computed_field,
    model_validator,
)

from fedaug.errors import InputError, MissingFile
from fedaug.pages.facts import INFINITE, LARGEST_FIGURE, TOO_LARGE, Count, Epsilon, Part, Share, sorted_naturally
from fedaug.pages.recall import Deidentification
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import PrivacyUnit
from fedaug.server.report.cards import Cards
from fedaug.server.report.findings import Anomalies, Audit, Vetting
from fedaug.strategies.messages import TrustModel

_FORMAT: Final = "fedaug-report/1"


def _plain(value: object) -> object:
    """A setting as strict JSON: infinities become text, NaN is refused."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            raise ValueError("a setting is not a number")
        return INFINITE if value > 0 else f"-{INFINITE}"
    if value is None or isinstance(value, (str, int, float)):
        return value
    return str(value)  # paths, dates and enumerations


Settings = Annotated[dict[str, Any], BeforeValidator(_plain)]


class Student(Part):
    """One student trained on the pool, scored on the held-out texts.

    Attributes:
        name: What was trained, in a few words (``text only``, ``with the DP teacher as prior``).
        accuracy: Share of held-out texts whose label was right.
        macro_f1: F1 averaged over labels, each label counting the same.
        note: One sentence for the reader.
    """

    name: str
    accuracy: Share
    macro_f1: Share | None = None
    note: str = ""


class Reference(Part):
    """One figure to compare the student with; see rule 11 of the privacy calculus.

    Attributes:
        kind: ``epsilon0`` read no private record, ``site`` is one site's records alone, ``central`` all sites' records.
    """

    kind: Literal["epsilon0", "site", "central"]
    name: str
    accuracy: Share
    macro_f1: Share | None = None
    note: str = ""


class SiteMetric(Part):
    """The student's score on the sites' own records, as a DP estimate.

    Attributes:
        value: The estimate; noise may carry it below 0 or above 1.
        noise_std: Standard deviation of the noise in ``value``.
        sites: How many sites answered.
    """

    name: str = "accuracy"
    value: float
    noise_std: Annotated[float, Field(ge=0)]
    sites: Count


class TrajectoryPoint(Part):
    """How good the student was when ``epsilon`` had been spent (cumulative, the costliest site)."""

    epsilon: Epsilon
    phase: str
    accuracy: Share


class BudgetRun(Part):
    """The student of another run of the same campaign, with another budget or another seed.

    Attributes:
        epsilon: What a unit of its costliest site had spent; infinite with the noise off.
    """

    name: str
    epsilon: Epsilon
    student: Share
    gap_closed: float | None = None


class LabelFigure(Part):
    """Accuracy on the held-out texts of one label; ``support`` is how many there are."""

    label: str
    support: Count
    student: Share
    epsilon0: Share | None = None


class Utility(Part):
    """What was gained.

    Attributes:
        metric: Names the score that all figures share.
        student: The score of the campaign's declared student.
        student_name: Which of ``students`` that is; declared in the campaign, not picked by its score.
        epsilon0: Best of the committed students that read no private record; null in a deployment.
        nonprivate: The same student class on all sites' records; null in a deployment.
        local_only: Median over sites of a student trained on that site alone; null in a deployment.
        test_set: What the held-out texts are, and why reading them is no release.
        test_size: How many held-out texts there are.
        budgets: This run and others of the campaign, where several were put side by side.
    """

    metric: str = "accuracy"
    student: Share
    epsilon0: Share | None = None
    nonprivate: Share | None = None
    local_only: Share | None = None
    student_name: str = ""
    test_set: str = ""
    test_size: Count | None = None
    students: tuple[Student, ...] = ()
    references: tuple[Reference, ...] = ()
    site_metric: SiteMetric | None = None
    trajectory: tuple[TrajectoryPoint, ...] = ()
    per_label: tuple[LabelFigure, ...] = ()
    budgets: tuple[BudgetRun, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form; mypy lacks it
    @property
    def gap_closed(self) -> float | None:
        """(student − epsilon0) / (nonprivate − epsilon0); null without both references or without a gap."""
        if self.epsilon0 is None or self.nonprivate is None or not self.nonprivate > self.epsilon0:
            return None
        return (self.student - self.epsilon0) / (self.nonprivate - self.epsilon0)

    @model_validator(mode="before")
    @classmethod
    def _drop_derived(cls, values: object) -> object:
        """``gap_closed`` is derived again when a report is read, never believed."""
        if isinstance(values, dict):
            return {key: value for key, value in values.items() if key != "gap_closed"}
        return values

    @model_validator(mode="after")
    def _student_is_listed(self) -> Self:
        named = [student for student in self.students if student.name == self.student_name]
        if self.students and [student.accuracy for student in named] != [self.student]:
            raise ValueError("student_name must name one of students, with the same accuracy as student")
        return self


class KindCharge(Part):
    """What one site's releases of one kind cost by themselves; these ε do not add up to the site's."""

    count: Count
    epsilon: Epsilon


class SitePrivacy(Part):
    """One site's ε for this campaign, its budget, and its releases by kind (``NoisyVotes`` and so on)."""

    epsilon: Epsilon
    budget: Epsilon
    releases: dict[str, KindCharge] = Field(default_factory=dict)


class Release(Part):
    """One mechanism as executed: the signed facts from which ε was recomputed.

    Attributes:
        key: Names the release within the campaign.
        kind: The release kind.
        sensitivity: L2 sensitivity to one unit, in the units of the released value.
        noise_std: Standard deviation of the noise per coordinate, in the same units.
    """

    site: str
    key: str
    kind: str
    sensitivity: Annotated[float, Field(gt=0)]
    noise_std: Annotated[float, Field(ge=0)]


class Privacy(Part):
    """What privacy was spent.

    Attributes:
        consortium_epsilon: ε of one unit against everything that all sites let out.
        max_sites_per_unit: How many sites may hold data of one unit; ``consortium_epsilon`` composes so many.
        outside_dp: Sites that sent a batch about which checks of their records decided, so that no ε holds.
    """

    unit: PrivacyUnit
    adjacency: Literal["add_or_remove_one"] = "add_or_remove_one"  # units.ADJACENCY
    delta: Annotated[float, Field(gt=0, lt=1)]
    trust_model: TrustModel
    consortium_epsilon: Epsilon
    max_sites_per_unit: Annotated[int, Field(ge=1)] = 1
    sites: Annotated[dict[str, SitePrivacy], AfterValidator(sorted_naturally)]
    releases: tuple[Release, ...] = ()
    outside_dp: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _no_epsilon_outside_dp(self) -> Self:
        if self.outside_dp and not math.isinf(self.consortium_epsilon):
            raise ValueError("an ε is stated although a batch left outside DP")
        return self


class GallerySample(Part):
    """One synthetic text of the pool, with where it came from.

    Attributes:
        origin: The generator or operator that made it, or the public corpus it was taken from.
        weight: Its weight in the student's training.
        parents: How many samples it was made from.
        accepted_round: The round after which it was made; null for the first candidates.
        generator: What made the text that it goes back to; empty where that is not known.
        operator: What varied that text; null for a text that was taken as it was made.
        parent: The text that it was varied from; null where there was none, or where it was not kept.
        dependence: ``public`` if neither text nor choice depends on records, ``dp`` if the choice follows from noised
            values; empty where it is not known, or where a batch left outside DP.
    """

    label: str
    text: str
    origin: str
    weight: float = 1.0
    parents: Count = 0
    accepted_round: Count | None = None
    generator: str = ""
    operator: str | None = None
    parent: str | None = None
    dependence: Literal["public", "dp", ""] = ""


class Samples(Part):
    """How many candidates were offered, refused by which gate, and accepted; gates of class F and D only."""

    offered: Count
    accepted: Count
    rejected: dict[str, Count] = Field(default_factory=dict)
    gallery: tuple[GallerySample, ...] = ()

    @model_validator(mode="after")
    def _counts_add_up(self) -> Self:
        if self.accepted + sum(self.rejected.values()) > self.offered:
            raise ValueError("more samples were accepted and refused than were offered")
        return self


class VoteQuantiles(Part):
    """Quantiles over candidates of the noised vote totals, so DP output themselves."""

    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    maximum: float


class Round(Part):
    """One voting round.

    Attributes:
        candidates: How many candidates the sites voted on.
        kept: How many went on.
        votes: Quantiles of the summed noisy votes per candidate.
        noise_std: Standard deviation of the noise in one candidate's total, all sites together.
        mean_similarity: Mean cosine similarity of the kept candidates to their parents.
    """

    round: Count
    candidates: Count
    kept: Count
    votes: VoteQuantiles | None = None
    noise_std: Annotated[float, Field(ge=0)] | None = None
    mean_similarity: Annotated[float, Field(ge=-1.001, le=1.001)] | None = None


class Timing(Part):
    """Seconds of wall clock: in all, and by phase in the order they ran."""

    total_s: Annotated[float, Field(ge=0)]
    phases: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)


class ReportData(Part):
    """All facts of one campaign's report.

    Attributes:
        title: Names the campaign for a reader.
        campaign: The campaign's id.
        description: One or two sentences: which sites, which task, which candidates.
        created: When the report was made, with its time zone.
        fedaug_version: The version that made it.
        config: The campaign's settings as given.
        vetting: Gate by gate what was refused and why; gates of class F and D only.
        anomalies: What is odd about sites' releases and texts; null in a report of before it was looked for.
        audit: What the run's audit found, if there was one.
        deidentification: What de-identification misses, measured on generated or public text. On real records it is
            measured in a site's own report, and only there.
        cards: What the pool and the student are, for whoever is handed them.
        not_promised: What no figure of the report covers, in sentences.
    """

    format: Literal["fedaug-report/1"] = _FORMAT
    title: str
    campaign: str
    description: str = ""
    created: AwareDatetime
    fedaug_version: str
    utility: Utility
    privacy: Privacy
    samples: Samples
    rounds: tuple[Round, ...] = ()
    timing: Timing
    config: Settings = Field(default_factory=dict)

    VERBATIM: ClassVar[frozenset[str]] = frozenset({"config"})
    vetting: Vetting | None = None
    anomalies: Anomalies | None = None
    audit: Audit | None = None
    deidentification: Deidentification | None = None
    cards: Cards | None = None
    not_promised: tuple[str, ...] = ()

    def with_utility(self, **changes: object) -> ReportData:
        """The same report with some fields of ``utility`` replaced: how the oracle adds its reference figures.

        Raises:
            ValidationError: A field is unknown or its value is out of range.
        """
        kept = {name: getattr(self.utility, name) for name in Utility.model_fields}
        return self.model_copy(update={"utility": Utility.model_validate(kept | changes)})


def report_json(data: ReportData) -> str:
    """The report as strict JSON: fixed key order, no NaN, an infinite ε as the text ``inf``."""
    return json.dumps(data.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_report(path: Path) -> ReportData:
    """Read a ``report.json`` back.

    Raises:
        MissingFile: There is no such file.
        InputError: It is not a report of this version.
    """
    try:
        with path.open("rb") as file:
            return ReportData.model_validate_json(file.read(LIMITS.release_file_bytes))
    except FileNotFoundError:
        raise MissingFile("there is no report.json at that place", "give the folder of a finished campaign") from None
    except ValidationError as error:
        if any(found["type"] == TOO_LARGE for found in error.errors(include_input=False, include_url=False)):
            what = f"the report holds a figure above {LARGEST_FIGURE:g}, which none can be"
            raise InputError(what, "ask whoever made it for another") from None
        raise InputError("the file is not a report of this version", "make it again with this fedaug") from None
    except OSError:
        raise InputError("the file is not a report of this version", "make it again with this fedaug") from None
