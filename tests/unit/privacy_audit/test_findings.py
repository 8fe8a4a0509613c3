"""A finding about real records can stand in no consortium's edition."""

from __future__ import annotations

import dataclasses

import pytest

from fedaug.errors import PolicyRefused
from fedaug.privacy.audit.controlled import ControlledFinding
from fedaug.privacy.audit.findings import Finding, Population, Releasable
from fedaug.privacy.audit.intervals import Rate
from fedaug.privacy.vetting.gate import GateClass

PLANTED, PUBLIC, REAL = Population.PLANTED, Population.PUBLIC, Population.REAL


@pytest.mark.parametrize("populations", [(PLANTED,), (PLANTED, PLANTED), (PLANTED, PUBLIC), (PUBLIC, PUBLIC)])
def test_a_finding_about_canaries_and_public_records_is_free(populations: tuple[Population, ...]) -> None:
    finding = Finding("attack", populations)
    assert finding.finding_class is GateClass.FREE
    assert Releasable(finding).as_dict() == finding.as_dict()


@pytest.mark.parametrize("populations", [(REAL, REAL), (PLANTED, REAL), (REAL, PUBLIC), (), ("planted", "made up")])
def test_a_finding_about_real_or_undeclared_records_is_refused(populations: tuple[Population, ...]) -> None:
    finding = ControlledFinding("attack", populations, Rate(1, 2), Rate(1, 2), 0.95)
    assert finding.finding_class is GateClass.SITE_ONLY
    with pytest.raises(PolicyRefused, match="real records"):
        Releasable(finding)


def test_a_released_finding_cannot_be_exchanged_for_another() -> None:
    released = Releasable(Finding("attack", (PLANTED,)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        released.finding = Finding("attack", (REAL,))  # type: ignore[misc]  # what is tested
    with pytest.raises(PolicyRefused):
        dataclasses.replace(released, finding=Finding("attack", (REAL,)))


def test_what_is_no_finding_is_refused() -> None:
    with pytest.raises(PolicyRefused):
        Releasable({"attack": "membership"})  # type: ignore[type-var]  # what is tested
