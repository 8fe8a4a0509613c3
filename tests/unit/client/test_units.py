"""One subject more or less: every release's clean value moves by no more than stated, and nobody else's bits change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.seeded_noise import NoNoise
from tests.small import KINDS, LABELS, Row, candidates, head, make_plan, make_site, open_site, some_rows

from fedaug.augmentation.encoder import MiniLM
from fedaug.client.site import Site
from fedaug.privacy.discretisation import rounded_l2
from fedaug.privacy.events import DiscreteGaussianEvent
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.messages import CampaignPlan, Outcome

#: What the one subject has: the worst that a source may hold of one patient.
SUBJECTS: dict[str, list[Row]] = {
    "one record": [("one", "the fever is high", "fever")],
    "sixty copies": [("one", "the fever is high", "fever")] * 60,
    "many labels": [("one", f"the {LABELS[i % 3]} of Anna Meyer on day {i}", LABELS[i % 3]) for i in range(60)],
    "a label outside the plan": [("one", "the plague", "plague"), ("one", "a rash", "rash")],
    "more records than count": [("one", f"cough {i}", "cough") for i in range(150)],
}
OTHERS = some_rows(9)

RELEASES: dict[str, Callable[[Site], NDArray[np.float64]]] = {
    "counts": lambda site: site.counts("autumn"),
    "statistics": lambda site: site.statistics("autumn"),
    "votes/0": lambda site: site.votes("autumn", "votes/0", **candidates(9)),
    "metric": lambda site: site.metric("autumn", **head()),
}


def clean_values(folder: Path, rows: list[Row], plan: CampaignPlan) -> dict[str, NDArray[np.float64]]:
    """What the door gives when the noise that it draws is zero."""
    site = make_site(folder, rows, noise=NoNoise(), privacy__unit=str(plan.unit))
    assert site.join(plan) is Outcome.OK
    values = {key: release(site) for key, release in RELEASES.items()}
    site.close()
    return values


def stated(plan: CampaignPlan, key: str, size: int) -> float:
    event = plan.event(key)
    assert isinstance(event, DiscreteGaussianEvent)
    return rounded_l2(event.sensitivity, event.grid, size)


def inserted(rows: list[Row], others: list[Row]) -> list[Row]:
    """The subject's records among the others', not side by side."""
    spread = sorted(enumerate([*others, *rows]), key=lambda pair: (pair[0] * 7919) % 101)
    return [row for _, row in spread]


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float64]]:
    return clean_values(tmp_path_factory.mktemp("without") / "site", OTHERS, make_plan())


@pytest.mark.parametrize("name", SUBJECTS)
def test_one_subject_moves_no_release_by_more_than_its_stated_sensitivity(
    tmp_path: Path, without: dict[str, NDArray[np.float64]], name: str
) -> None:
    plan = make_plan()
    found = clean_values(tmp_path / "site", inserted(SUBJECTS[name], OTHERS), plan)
    assert found.keys() == KINDS.keys()
    moved = {key: float(np.linalg.norm(found[key] - without[key])) for key in found}
    assert {key: size <= stated(plan, key, found[key].size) for key, size in moved.items()} == dict.fromkeys(
        KINDS, True
    )
    assert all(size > 0.5 for size in moved.values()), "the subject did not count, so nothing was tested"


def test_with_the_record_as_unit_many_records_of_a_subject_move_it_by_more(
    tmp_path: Path, without: dict[str, NDArray[np.float64]]
) -> None:
    """So that the test above can fail; and one record moves it by no more than stated."""
    plan = make_plan(unit=PrivacyUnit.RECORD)
    many = clean_values(tmp_path / "many", inserted(SUBJECTS["sixty copies"], OTHERS), plan)
    one_less = clean_values(tmp_path / "one-less", inserted(SUBJECTS["sixty copies"][1:], OTHERS), plan)
    for key in KINDS:
        assert np.linalg.norm(many[key] - without[key]) > 50
        assert np.linalg.norm(many[key] - one_less[key]) <= stated(plan, key, many[key].size)


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM()


@pytest.fixture
def two_sites(tmp_path: Path, encoder: MiniLM) -> Iterator[tuple[Site, Site]]:
    """With the packaged encoder and real de-identification: the same others, once with the subject and once without."""
    texts = [
        ("a", "Mr John Baker called from +44 20 7946 0958 about the fever on 3 May 2021.", "fever"),
        ("a", "fever", "fever"),
        ("b", "John Baker's wife Anna writes that the cough of patient 4711 has not changed since Monday.", "cough"),
        ("c", "a rash " * 80, "rash"),
    ]
    subject = [("one", f"John Baker and Anna: the {LABELS[i % 3]} " + "again " * i, LABELS[i % 3]) for i in range(40)]
    made = []
    for name, rows in (("with", inserted(subject, texts)), ("without", texts)):
        made.append(make_site(tmp_path / name, rows, encoder=lambda: encoder))
    yield made[0], made[1]
    for site in made:
        site.close()


def test_another_subject_leaves_every_other_units_text_embedding_and_votes_as_they_were_to_the_bit(
    two_sites: tuple[Site, Site],
) -> None:
    plan = make_plan(encoder=MiniLM.name, dimensions=MiniLM.dimensions)
    kept = []
    for site in two_sites:
        records = [record for record in site._rows._store.records() if record.subject_id != "one"]
        rows = site._rows._rows or site._rows._load()
        number = {record.record_id: place for place, record in enumerate(site._rows._store.records())}
        contributions = site._rows.contributions(plan)
        kept.append(
            sorted(
                (
                    record.text,
                    rows.embeddings[number[record.record_id]].tobytes(),
                    contributions.embeddings[number[record.record_id]].tobytes(),
                )
                for record in records
            )
        )
    assert len(kept[0]) == 4
    assert kept[0] == kept[1]


def test_an_opened_site_answers_as_the_one_that_prepared_it(tmp_path: Path) -> None:
    """Nothing of a run's order or memory is in a release: only the records, the plan and the noise."""
    plan = make_plan()
    values = clean_values(tmp_path / "one", OTHERS, plan)
    site = open_site(tmp_path / "one", noise=NoNoise())
    assert {key: RELEASES[key](site).tobytes() for key in KINDS} == {key: values[key].tobytes() for key in KINDS}
    site.close()


def test_of_a_subject_no_more_records_count_than_the_plan_says(tmp_path: Path) -> None:
    rows = [("one", f"day {i}", LABELS[i % 3]) for i in range(6)]
    counts = {}
    for most in (1, 2, 100):
        plan = make_plan(records_per_unit=most)
        counts[most] = clean_values(tmp_path / str(most), rows, plan)["counts"].tolist()
    assert counts[1] == pytest.approx([1, 0, 0], abs=1e-6)
    assert counts[2] == pytest.approx([2**-0.5, 2**-0.5, 0], abs=1e-6)
    assert counts[100] == pytest.approx([3**-0.5] * 3, abs=1e-6)
