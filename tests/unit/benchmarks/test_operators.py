"""The table of operators at a reduced size, and what it must never do: train on what is held out."""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

import pytest
from benchmarks.operator_tasks import tasks
from benchmarks.operators import NONE, Cell, Remembering, interval, run, table
from tests.small import SmallEncoder
from tests.tiny_writer import language_model

from fedaug.errors import DataNotFound, UnknownDataSet

DATA = Path(os.environ.get("FEDAUG_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
with_data = pytest.mark.skipif(
    not (DATA / "banking77" / "train.csv").is_file() or not (DATA / "mts_dialog" / "train.csv").is_file(),
    reason="banking77 or mts_dialog is not on this machine: set FEDAUG_DATA",
)
OPTIONS = {"tasks": ["banking77"], "data": DATA, "labels": 3, "sizes": [4], "seeds": 2, "judged": 3, "only": []}


@with_data
@pytest.mark.parametrize(("name", "size", "fewest"), [("banking77", 10, 1_900), ("mts_dialog", 300, 250)])
def test_what_is_held_out_is_never_trained_on(name: str, size: int, fewest: int) -> None:
    (task,) = tasks([name], DATA)
    heldout = set(task.texts)
    assert len(task.texts) >= fewest
    assert set(task.truth) <= set(task.labels)
    draws = [task.draw(size, seed) for seed in (0, 1)]
    for draw in draws:
        parents = {one.text for one in draw.parents}
        assert not heldout & {one.text for one in (*draw.parents, *draw.others)}
        assert not parents & {one.text for one in draw.others}
        assert {one.label for one in draw.parents} == set(task.labels)
        assert len(draw.parents) == (size * 77 if name == "banking77" else size)
    assert {one.text for one in draws[0].parents} != {one.text for one in draws[1].parents}


@with_data
def test_a_back_translation_is_of_a_parent_and_under_its_label() -> None:
    (task,) = tasks(["mts_dialog"], DATA)
    draw = task.draw(100, 0)
    one, two = draw.rivals["back-translation, one"], draw.rivals["back-translation, two"]
    assert (len(one), len(two)) == (len(draw.parents), 2 * len(draw.parents))
    labels = {parent.sample_id: (parent.label, parent.text) for parent in draw.parents}
    shared = []
    for made in two:
        label, text = labels[made.parents[0]]
        assert made.label == label
        shared.append(len(set(made.text.lower().split()) & set(text.lower().split())) / len(set(text.split())))
    assert sum(shared) / len(shared) > 0.5, "a translation there and back keeps most words"


@with_data
def test_the_table_at_a_reduced_size() -> None:
    line = run(argparse.Namespace(**OPTIONS), language_model(), Remembering(SmallEncoder()))
    found = json.loads(line)
    (rows,) = found["tables"].values()
    by_name = {row["operator"]: row for row in rows}
    assert {NONE, "splice", "word-swap", "few-shot", "paraphrase", "annotate"} <= set(by_name)
    assert by_name[NONE]["gain"] == 0
    assert by_name[NONE]["added"] == 0
    assert by_name["few-shot"]["added"] == 12
    for row in rows:
        assert 0 <= row["accuracy"] <= 100
        assert row["gain"] == pytest.approx(row["accuracy"] - by_name[NONE]["accuracy"], abs=0.1)
    assert found["ratio"] == pytest.approx(found["ours"] / found["alternative"], rel=1e-2)


def test_intervals_and_gains_are_over_the_same_draws() -> None:
    cells = {
        NONE: Cell([50.0, 60.0, 70.0], [40.0, 50.0, 60.0], [0, 0, 0], [0.0] * 3),
        "other": Cell([52.0, 62.0, 72.0], [40.0, 50.0, 60.0], [5, 6, 7], [1.0] * 3),
        "broke off": Cell([52.0], [40.0], [5], [1.0]),
    }
    none, other = table(cells)
    assert none["accuracy_interval"] == pytest.approx(4.302653 * 10 / math.sqrt(3))
    assert (other["gain"], other["gain_interval"], other["added"]) == (2.0, 0.0, 6.0)
    assert math.isnan(interval([1.0]))


def test_a_task_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownDataSet, match="FA212"):
        list(tasks(["imdb"]))
    with pytest.raises(DataNotFound, match="FA214: banking77 is not on this machine"):
        list(tasks(["banking77"], tmp_path))
