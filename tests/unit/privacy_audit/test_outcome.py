"""``audit.json``: what refutes a claim, and what a file must be to be read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedaug.errors import ConfigError, MissingFile
from fedaug.privacy.audit.figures import Bound, Loudest, Membership, Noise, SiteDetails
from fedaug.privacy.audit.one_run import Guesses, best_bound, guess_counts, stated_bound
from fedaug.privacy.audit.outcome import AUDIT_FILE, AuditOutcome, read_audit

DELTA = 1e-5


def outcome(
    claimed: float | None = 4.0,
    lower_bounds: tuple[float, float] = (1.0, 0.5),
    deviations: float = 2.0,
    heard: float = 1.0,
) -> AuditOutcome:
    bounds = tuple(
        Bound(confidence=confidence, lower_bound=bound, ceiling=5.0, guesses=40, correct=30)
        for confidence, bound in zip((0.95, 0.999), lower_bounds, strict=True)
    )
    loudest = Loudest(contribution=1.2, deviations=deviations, limit=5.0) if claimed is not None else None
    noise = (Noise(release="statistics", planned=1.0, heard=heard, least=0.9),)
    member = Membership(attack="a", members=20, non_members=20, tpr_at_1pct_fpr=0.1, interval=(0.05, 0.2), auc=0.6)
    return AuditOutcome.of(
        "spring",
        40,
        {"site-01": (claimed, SiteDetails(bounds=bounds, loudest=loudest, noise=noise))},
        member,
        delta=DELTA,
    )


def honest(correct: int = 30) -> AuditOutcome:
    """With bounds that its guesses give."""
    bounds = []
    for confidence in (0.95, 0.999):
        bound, ceiling = stated_bound(Guesses(40, 40, correct), DELTA, confidence)
        bounds.append(Bound(confidence=confidence, lower_bound=bound, ceiling=ceiling, guesses=40, correct=correct))
    return AuditOutcome.of("spring", 40, {"site-01": (4.0, SiteDetails(bounds=tuple(bounds)))}, None, delta=DELTA)


def test_the_audits_own_bound_is_that_at_the_highest_confidence() -> None:
    found = outcome()
    assert found.confidence == 0.999
    assert found.sites["site-01"].lower_bound == 0.5
    assert found.passed


@pytest.mark.parametrize(
    ("changes", "failures"),
    [
        ({"lower_bounds": (4.0, 4.0)}, []),
        ({"lower_bounds": (math.nextafter(4.0, 5), 0.0)}, ["site-01: ε is at least 4.00 with 95 % confidence"]),
        ({"lower_bounds": (0.0, 4.5)}, ["site-01: ε is at least 4.50 with 99.9 % confidence, and 4.00 is claimed"]),
        ({"deviations": 5.0}, []),
        ({"deviations": 5.01}, ["site-01: a canary adds about 1.2 to what left"]),
        ({"heard": 0.9}, []),
        ({"heard": 0.5}, ["site-01: the noise of statistics is 0.5 wide, and 1 is planned"]),
        ({"claimed": None, "lower_bounds": (5.0, 5.0)}, []),
    ],
)
def test_what_refutes_a_claim(changes: dict[str, Any], failures: list[str]) -> None:
    found = outcome(**changes)
    assert len(found.failures()) == len(failures)
    assert all(told.startswith(start) for told, start in zip(found.failures(), failures, strict=True))
    assert found.passed is not bool(failures)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert honest().write(tmp_path) == tmp_path / AUDIT_FILE
    assert read_audit(tmp_path) == honest()


def test_a_bound_that_its_guesses_do_not_give_is_refused(tmp_path: Path) -> None:
    """Whoever lowers the number that is compared with the claim would have to alter the guesses as well."""
    good = honest(correct=40)
    assert good.sites["site-01"].lower_bound > 1
    for name, said in (("lower_bound", "states ε ≥ 0.5"), ("ceiling", "states ceiling 9")):
        values = json.loads(good.model_dump_json())
        for at in (values["sites"]["site-01"], values["details"]["site-01"]["bounds"][-1]):
            at[name] = 0.5 if name == "lower_bound" else 9.0
        (tmp_path / AUDIT_FILE).write_text(json.dumps(values))
        with pytest.raises(ConfigError, match=said):
            read_audit(tmp_path)


def test_a_number_of_guesses_that_nobody_wrote_down_is_refused(tmp_path: Path) -> None:
    values = json.loads(honest().model_dump_json())
    for at in (values["sites"]["site-01"], *values["details"]["site-01"]["bounds"]):
        at["guesses"] = 39
    (tmp_path / AUDIT_FILE).write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="another number of guesses than was written down"):
        read_audit(tmp_path)


def test_a_bound_and_its_ceiling_are_those_that_the_audit_itself_works_out() -> None:
    coins = np.arange(40) % 3 == 0
    scores = coins + 0.8 * np.sin(np.arange(40.0))
    best = best_bound(scores, coins, guess_counts(40), delta=DELTA, confidence=0.95)
    right = best_bound(coins.astype(float), coins, guess_counts(40), delta=DELTA, confidence=0.95)
    assert stated_bound(best.guesses, DELTA, 0.95) == (best.epsilon, right.epsilon)
    assert 0 < best.epsilon < right.epsilon


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="cannot be read"):
        read_audit(tmp_path)


def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / AUDIT_FILE)
    with pytest.raises(MissingFile, match="no regular file"):
        read_audit(tmp_path)


def changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(values)


def site_changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["sites"]["site-01"].update(values)


@pytest.mark.parametrize(
    "damage",
    [
        changed(kind="report"),
        changed(version=2),
        changed(more=1),
        changed(canaries=0),
        changed(sites={}),
        changed(details={}),
        changed(passed=None),
        changed(passed=False),  # though nothing that was found refutes a claim
        changed(confidence=2.0),
        changed(confidence=0.9999),  # above that of its bounds
        site_changed(lower_bound=0.4),
        site_changed(lower_bound=-1.0),
        site_changed(claimed_epsilon=0.1),  # which its bound refutes, although it says that it passed
        site_changed(guesses=39),
        site_changed(correct=41),
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    values = json.loads(outcome().model_dump_json())
    damage(values)
    (tmp_path / AUDIT_FILE).write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="is damaged") as error:
        read_audit(tmp_path)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("changes", [{"correct": 41}, {"lower_bound": 5.1}])
def test_a_bound_that_does_not_add_up_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    values = json.loads(outcome().model_dump_json())
    values["sites"]["site-01"].update(changes)
    values["details"]["site-01"]["bounds"][-1].update(changes)
    (tmp_path / AUDIT_FILE).write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="is damaged"):
        read_audit(tmp_path)


def test_a_name_that_a_file_made_up_is_not_quoted(tmp_path: Path) -> None:
    values = json.loads(outcome().model_dump_json()) | {"Jane Doe " * 9_999: 1}
    (tmp_path / AUDIT_FILE).write_text(json.dumps(values))
    with pytest.raises(ConfigError) as error:
        read_audit(tmp_path)
    assert error.value.what == "audit.json is damaged (whole file)"


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    honest().write(tmp_path)
    whole = (tmp_path / AUDIT_FILE).read_bytes()
    for size in range(0, len(whole) - 2, 97):
        (tmp_path / AUDIT_FILE).write_bytes(whole[:size])
        with pytest.raises(ConfigError, match=r"is not JSON"):
            read_audit(tmp_path)
