"""What attacks on released samples found, as files and reports keep it: the consortium's form, and the site's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.audit.controlled import ControlledFinding
from fedaug.privacy.audit.distances import DistanceDiagnostics
from fedaug.privacy.audit.figures import LARGEST, Count, Facts, Share
from fedaug.privacy.audit.findings import Finding, Population, Releasable
from fedaug.privacy.audit.intervals import detectable, detectable_above
from fedaug.privacy.audit.membership import MembershipFinding
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_regular, whole_file

if TYPE_CHECKING:  # it wants Faker, which a reader of figures can do without
    from fedaug.privacy.audit.identifiers import IdentifiersFinding

#: In a site's own folder.
ATTACKS_FILE: Final = "attacks.json"
_MOST_BYTES: Final = 2**20
#: At which the least rate that would be noticed is stated.
CHANCE: Final = 0.8

Text = Annotated[str, Field(min_length=1, max_length=1_000)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class Kept(Facts):
    """A finding's figures, with who they are about.

    Attributes:
        finding_class: ``F``, or ``S`` where a real record was attacked or compared with; ``class`` in JSON.
        populations: Who members and controls are.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    finding_class: Annotated[Literal["F", "S"], Field(alias="class")]
    populations: Annotated[tuple[Population, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _class_fits(self) -> Self:
        if (Population.REAL in self.populations) is not (self.finding_class == "S"):
            raise ValueError("a finding's class is not that of whom it is about")
        return self


class Attack(Kept):
    """One attack on members, beside the same on controls.

    Attributes:
        members: How many were attacked; so many predicates, where an attack singles out.
        successes: How many of those attacks succeeded.
        control_successes: The same attack on those that were in no data. Of membership inference: false alarms.
        risk: Of the trials that fail on controls, the share that the members' being in the data turned into successes.
            Null for membership inference.
        auc: Of membership inference: the chance that a member scores above another.
        interval: At 95 %, of the risk; of membership inference, of the share of members found, less that of false
            alarms which the threshold may truly let through.
        detected: Whether the interval lies above 0.
        detectable: The share of successes at which so large an attack would be noticed with a chance of 80 %; null if
            none would.
    """

    attack: Text
    members: Count
    successes: Count
    controls: Count
    control_successes: Count
    risk: Number | None = None
    auc: Share | None = None
    interval: tuple[Number, Number]
    detected: bool
    detectable: Share | None = None

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if self.successes > self.members or self.control_successes > self.controls:
            raise ValueError("more attacks succeeded than were made")
        return self

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        low, high = self.interval
        # Version 0.4.0 wrote of membership inference how many were found, whatever the false alarms: above 0 always.
        unsure = self.auc is not None and not self.detected
        if low > high or (self.detected is not (low > 0) and not unsure):
            raise ValueError("a verdict that is not that of its interval")
        return self


class Distances(Kept):
    """How near samples come to members, and to as many others: diagnostics, never shown without the caution."""

    caution: Text
    to_members: tuple[Number, Number, Number]
    to_held_out: tuple[Number, Number, Number]
    nearer_to_members: Share
    interval: tuple[Share, Share]
    ratio: Number


class Identifiers(Kept):
    """Made-up identifiers that left, of those that were planted, and of their controls that were not.

    Attributes:
        records: That held them.
        interval: Of the share that leaves, at 95 %.
    """

    records: Count
    planted: Count
    left: Count
    controls_left: Count
    interval: tuple[Share, Share]
    types: dict[Text, Count]

    @classmethod
    def of(cls, finding: Releasable[IdentifiersFinding]) -> Self:
        """Its figures."""
        return cls.model_validate(_kept(finding.as_dict()))


class Skipped(Facts):
    """An attack that was not made, and why."""

    attack: Text
    why: Text


class AttackedPool(Facts):
    """All attacks on one set of released samples.

    Attributes:
        on: Whom the attacks were made on, in a few words.
        samples: How many samples had been released.
        attacks: Those that were made.
        distances: Diagnostics.
        skipped: Those that were not made.
        notes: What an attack took for its parts.
    """

    on: Text
    samples: Count
    attacks: tuple[Attack, ...] = ()
    distances: Distances | None = None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Text, ...] = ()

    @property
    def releasable(self) -> bool:
        """Whether it may stand in a consortium's edition."""
        found: tuple[Kept | None, ...] = (*self.attacks, self.distances)
        return all(one is None or one.finding_class == "F" for one in found)

    @property
    def detected(self) -> tuple[Attack, ...]:
        """The attacks that do surely better on members."""
        return tuple(one for one in self.attacks if one.detected)

    def write(self, folder: Path) -> Path:
        """Write it into a site's own folder; it may be of class S."""
        path = folder / ATTACKS_FILE
        with whole_file(path, overwrite=True) as file:
            file.write((self.model_dump_json(indent=2) + "\n").encode())
        return path


def read_attacks(folder: Path) -> AttackedPool | None:
    """The attacks that lie in a site's folder; None if there are none.

    Raises:
        ConfigError: The file is damaged.
    """
    path = folder / ATTACKS_FILE
    if not path.exists():
        return None
    try:
        return AttackedPool.model_validate(parse_json(read_regular(path, _MOST_BYTES)))
    except (ProtocolError, ValidationError):
        raise ConfigError(f"{ATTACKS_FILE} is damaged", "audit the simulation again, or take the file away") from None


@dataclass(frozen=True)
class PoolFindings:
    """What attacks on one set of samples found, before it is said who may see it.

    Attributes:
        on: Whom the attacks were made on.
        samples: How many samples had been released.
        found: Findings.
        skipped: Attacks that were not made.
        notes: What an attack took for its parts.
    """

    on: str
    samples: int
    found: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def for_site(self) -> AttackedPool:
        """For the site's own edition: findings of either class."""
        return self._shown(self.found)

    def for_consortium(self) -> AttackedPool:
        """For the consortium's edition.

        Raises:
            PolicyRefused: A finding is about real records.
        """
        return self._shown([Releasable(finding).finding for finding in self.found])

    def _shown(self, found: Sequence[Finding]) -> AttackedPool:
        distances = [one for one in found if isinstance(one, DistanceDiagnostics)]
        return AttackedPool(
            on=self.on,
            samples=self.samples,
            attacks=tuple(_attack(one) for one in found if not isinstance(one, DistanceDiagnostics)),
            distances=Distances.model_validate(_kept(distances[0].as_dict())) if distances else None,
            skipped=self.skipped,
            notes=self.notes,
        )


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "attack"}


@singledispatch
def _attack(finding: Finding) -> Attack:
    raise TypeError(f"no figures of {type(finding).__name__} are known")


@_attack.register
def _(finding: ControlledFinding) -> Attack:
    members, controls, found = finding.members, finding.controls, finding.excess
    return Attack(
        **_whom(finding),
        members=members.trials,
        successes=members.successes,
        controls=controls.trials,
        control_successes=controls.successes,
        risk=found.risk,
        interval=found.interval,
        detected=found.detected,
        detectable=detectable(controls.share, min(members.trials, controls.trials), finding.confidence, CHANCE),
    )


@_attack.register
def _(finding: MembershipFinding) -> Attack:
    return Attack(
        **_whom(finding),
        members=finding.caught.trials,
        successes=finding.caught.successes,
        controls=finding.false_alarms.trials,
        control_successes=finding.false_alarms.successes,
        auc=finding.auc,
        interval=finding.beyond,
        detected=finding.detected,
        detectable=detectable_above(finding.alarms_at_most, finding.caught.trials, finding.doubt_each, CHANCE),
    )


def _whom(finding: Finding) -> dict[str, Any]:
    values = finding.as_dict()
    return {name: values[name] for name in ("attack", "class", "populations")}
