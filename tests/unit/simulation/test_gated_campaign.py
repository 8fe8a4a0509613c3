"""A whole campaign with every gate that the coordinator builds itself: the same twice, and the same after a break."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.small import SmallEncoder
from tests.tiny_example import SIMULATION, write_example, write_records

from fedaug.server.pool import Pool
from fedaug.server.pool_records import SampleStatus
from fedaug.simulation.run import Encoders, simulate

GATES = [
    {"gate": "length"},
    {"gate": "duplicate", "options": {"closeness": 0.995, "pooled": True}},
    {"gate": "contamination", "options": {"closeness": 0.97}},
    {"gate": "relabel", "options": {"margin": 0.4}},
    {"gate": "information", "options": {"min_bits": -1.0}},
    {"gate": "trigger", "options": {"least_texts": 3, "least_lift": 2.0, "most_support": 1.0}},
    {"gate": "collapse", "options": {"least_texts": 6, "most_fall": 0.9, "most_fall_alone": 0.9, "meanings": True}},
]
#: Without noise two runs differ in nothing but what is timed and signed.
SETTINGS: dict[str, Any] = {"privacy.epsilon": float("inf"), "gates": GATES, "samples.generator": "label-phrases"}


class Quiet:
    def phase(self, name: str) -> None:
        pass

    def step(self, done: int, total: int) -> None:
        pass


def outcome(example: Path, out: Path, **given: Any) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """The report without its times, and every text in the pool with what was said of it."""
    encoders = Encoders(SmallEncoder(), SmallEncoder())
    train = example.parent / "records.csv"
    simulate(example, out, overrides=SETTINGS, train=train, narrator=Quiet(), encoders=encoders, **given)
    finished = simulate(example, out, overrides=SETTINGS, train=train, narrator=Quiet(), encoders=encoders, resume=True)
    with Pool.open(out / "pool.sqlite") as pool:
        samples = [
            (status, one.text, one.label, one.weight, one.source, sorted(one.scores.items()))
            for status in SampleStatus
            for one in pool.samples("tiny", status=status)
        ]
    return finished.report.model_dump(exclude={"created", "timing"}), sorted(samples)


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = write_example(tmp_path / "tiny")
    settings = '[site_settings]\n"samples.generators" = ["label-phrases"]\n'
    (example / "simulation.toml").write_text(SIMULATION + settings, "utf-8")
    write_records(tmp_path / "records.csv")
    whole = outcome(example, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("fedaug.server.coordinator.Board.count_votes", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            outcome(example, tmp_path / "broken")
    assert outcome(example, tmp_path / "broken", resume=True) == whole
    gates = {gate["gate"]: gate["refused"] for gate in whole[0]["vetting"]["gates"]}
    assert set(gates) == {setting["gate"] for setting in GATES}
    assert gates["duplicate"] > 0
    assert whole[0]["vetting"]["quarantined"] > 0


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt
