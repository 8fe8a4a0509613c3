"""A setting that is to take something out, and would not, is refused before a record is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.additions import SiteAdditions
from fedaug.privacy.deid.columns import ColumnPolicy
from fedaug.privacy.deid.policies import load_policy


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    path = tmp_path / "staff.txt"
    path.write_text("Quillon Ashgrove\n", encoding="utf-8")
    return path


def _additions(path: Path, entity_type: str) -> SiteAdditions:
    return SiteAdditions.model_validate({"lists": [{"path": path, "entity_type": entity_type}]})


def test_a_list_of_a_type_that_the_policy_keeps_is_refused(staff: Path) -> None:
    with pytest.raises(ConfigError, match="PERSON, which the policy pci leaves in the text"):
        Deidentifier(load_policy("pci"), neural=False, additions=_additions(staff, "PERSON"))


def test_a_list_of_the_sites_own_type_is_taken_out_under_every_policy(staff: Path) -> None:
    for name in ("pci", "hipaa-safe-harbor"):
        policy = load_policy(name)
        _additions(staff, "STAFF_BADGE").require_effect(policy)
        assert policy.takes_out("STAFF_BADGE")


@pytest.mark.parametrize(("written", "meant"), [("PERSN", "PERSON"), ("US_SNN", "US_SSN"), ("EMAIL_ADRESS", "EMAIL")])
def test_a_mistyped_type_of_a_list_or_column_is_refused(written: str, meant: str, staff: Path) -> None:
    policy = load_policy("hipaa-safe-harbor")
    with pytest.raises(ConfigError, match=meant):
        _additions(staff, written).require_effect(policy)
    with pytest.raises(ConfigError, match=r"the column name .*nearly"):
        ColumnPolicy.model_validate({"columns": {"name": written}}).require_effect(policy)


def test_a_pattern_of_a_type_that_the_policy_keeps_is_refused() -> None:
    pattern = {"name": "ward", "pattern": "ward [0-9]+", "entity_type": "FACILITY"}
    with pytest.raises(ConfigError, match="the pattern ward is to take out FACILITY"):
        SiteAdditions.model_validate({"patterns": [pattern]}).require_effect(load_policy("pci"))


def test_a_column_that_the_policy_would_leave_in_clear_is_refused() -> None:
    columns = ColumnPolicy.model_validate({"columns": {"name": "PERSON"}})
    with pytest.raises(ConfigError, match="the column name is to take out PERSON"):
        columns.require_effect(load_policy("pci"))
    columns.require_effect(load_policy("hipaa-safe-harbor"))
    ColumnPolicy.model_validate({"columns": {"name": "keep"}}).require_effect(load_policy("pci"))
