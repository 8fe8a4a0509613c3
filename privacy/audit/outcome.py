"""What a campaign's audit found, as ``audit.json`` keeps it: bounds beside the claim, and how well coins were guessed.

The audit's canaries are made up, and what was guessed of them was guessed from what left under differential privacy, so
all of it may be shown to anybody. Attacks on records are in it only where the records are public or made up themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.audit.attacked import AttackedPool, Identifiers
from fedaug.privacy.audit.figures import Facts, Membership, SiteAudit, SiteDetails
from fedaug.privacy.audit.one_run import Guesses, stated_bound
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_regular, whole_file

AUDIT_FILE: Final = "audit.json"
_MOST_BYTES: Final = 2**20
#: Another version of the numerical libraries may round differently, and no further off than this.
_AGREES: Final = 1e-6


class AuditOutcome(Facts):
    """A whole audit.

    Attributes:
        campaign: Whose plan was audited.
        canaries: That were put in or left out by a coin, at each site.
        confidence: The highest that a bound was taken at.
        delta: Of the claims, and so of the bounds.
        sites: By name. They are virtual sites of the audit's own, under the campaign's plan.
        details: What else was found of each of them.
        membership: How well the audit's own guesses tell canaries that were put in.
        attacked: Attacks on the samples that left: on canaries, and on records that are public or made up.
        identifiers: What is left of planted identifiers after de-identification; null if it was not looked for.
        passed: Whether nothing that was found contradicts a claim.
    """

    kind: Literal["audit"] = "audit"
    version: Literal[1] = 1
    campaign: str
    canaries: Annotated[int, Field(gt=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    delta: Annotated[float, Field(ge=0, lt=1)]
    sites: dict[str, SiteAudit] = Field(min_length=1)
    details: dict[str, SiteDetails]
    membership: Membership | None = None
    attacked: tuple[AttackedPool, ...] = ()
    identifiers: Identifiers | None = None
    passed: bool

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.details.keys() != self.sites.keys():
            raise ValueError("details that are not those of its sites")
        for name, site in self.sites.items():
            if site != self.details[name].beside(site.claimed_epsilon):
                raise ValueError("a site's figures are not those of its last bound")
        if self.passed is bool(self.failures()):
            raise ValueError("a verdict that is not that of what was found")
        if {details.bounds[-1].confidence for details in self.details.values()} != {self.confidence}:
            raise ValueError("a confidence that is not that of its bounds")
        if not all(pool.releasable for pool in self.attacked):
            raise ValueError("a finding about real records")
        return self

    @classmethod
    def of(
        cls,
        campaign: str,
        canaries: int,
        found: Mapping[str, tuple[float | None, SiteDetails]],
        membership: Membership | None,
        *,
        delta: float,
        attacked: Sequence[AttackedPool] = (),
        identifiers: Identifiers | None = None,
    ) -> Self:
        """An audit, judged: for each site its claim and what was found."""
        return cls(
            campaign=campaign,
            canaries=canaries,
            confidence=max(bound.confidence for _, details in found.values() for bound in details.bounds),
            sites={name: details.beside(claimed) for name, (claimed, details) in found.items()},
            details={name: details for name, (_, details) in found.items()},
            membership=membership,
            delta=delta,
            attacked=tuple(attacked),
            identifiers=identifiers,
            passed=not any(any(details.failures(claimed)) for claimed, details in found.values()),
        )

    def failures(self) -> list[str]:
        """What contradicts a claim, with the site's name."""
        return [
            f"{name}: {what}"
            for name, details in self.details.items()
            for what in details.failures(self.sites[name].claimed_epsilon)
        ]

    def beside(self, attacked: Sequence[AttackedPool], identifiers: Identifiers | None) -> Self:
        """The same audit with more attacks, and with planted identifiers, if they were looked for.

        Raises:
            ValidationError: An attack is about real records.
        """
        more = {"attacked": (*self.attacked, *attacked), "identifiers": identifiers}
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(kept | more)

    def check_bounds(self) -> None:
        """Work every bound out again from its guesses.

        Raises:
            ConfigError: A bound or a ceiling is another than its guesses give.
        """
        for name, details in self.details.items():
            for bound in details.bounds:
                found = Guesses(self.canaries, bound.guesses, bound.correct)
                shown, highest = stated_bound(found, self.delta, bound.confidence)
                for what, stated, right in (("ε ≥", bound.lower_bound, shown), ("ceiling", bound.ceiling, highest)):
                    if not math.isclose(stated, right, rel_tol=_AGREES, abs_tol=_AGREES):
                        raise ConfigError(
                            f"{AUDIT_FILE} states {what} {stated:.4f} for {name}, and {bound.correct:,} right of "
                            f"{bound.guesses:,} guesses give {right:.4f} at {100 * bound.confidence:g} %",
                            "rely on nothing in this file, and audit the run again",
                        )

    def write(self, folder: Path) -> Path:
        """Write ``audit.json``."""
        path = folder / AUDIT_FILE
        with whole_file(path, overwrite=True) as file:
            file.write((self.model_dump_json(indent=2) + "\n").encode())
        return path


def read_audit(folder: Path) -> AuditOutcome:
    """Read ``audit.json`` of a run's folder, and work its bounds out again.

    Raises:
        MissingFile: There is none.
        ConfigError: It is damaged, or states another bound than its guesses give.
    """
    data = read_regular(folder / AUDIT_FILE, _MOST_BYTES)
    try:
        outcome = AuditOutcome.model_validate(_parsed(data))
    except ValidationError as error:
        named = error.errors(include_input=False, include_url=False)[0]["loc"][:1]
        where = named[0] if named and named[0] in AuditOutcome.model_fields else "whole file"  # no name of the file's
        raise ConfigError(f"{AUDIT_FILE} is damaged ({where})", "run the audit again") from None
    outcome.check_bounds()
    return outcome


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(data)
    except ProtocolError:
        raise ConfigError(f"{AUDIT_FILE} is not JSON", "run the audit again") from None
