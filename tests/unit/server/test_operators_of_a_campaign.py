"""Operators that write, in a campaign: whose model, whose labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tiny_language_models import save_tiny

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.errors import ConfigError
from fedaug.server.campaign import CampaignConfig
from fedaug.server.candidates import CandidateSource

LABELS = ("lost_card", "exchange_rate")
WORDS = {"lost_card": "gone card", "exchange_rate": "rates"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model") / "tiny")


def source(folder: Path, *operators: str, **options: Any) -> CandidateSource:
    config = CampaignConfig.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "labels": LABELS,
            "label_words": WORDS,
            "privacy": {"epsilon": 4.0, "delta": 1e-5},
            "gates": [],
            "steering": {"operators": operators, "variations_per_label": 6},
            "candidates": [
                {"generator": "label-phrases"},
                {"generator": str(folder), "options": {"per_label": 3, "form": "text", **options}},
            ],
        }
    )
    return CandidateSource(config, ())


def survivors() -> dict[str, list[Candidate]]:
    """As the votes leave them: some were made for another label, or for none."""
    made_for = {"lost_card": (None, "lost_card"), "exchange_rate": ("lost_card", None)}
    return {
        label: [
            Candidate(f"{word} {label[:4]}", "toy", "toy", other, dependence=Dependence.DP)
            for word, other in zip(("one", "two"), others, strict=True)
        ]
        for label, others in made_for.items()
    }


@pytest.mark.parametrize(
    "operator", ["few-shot", "tune-then-generate", "paraphrase", "mix", "counterfactual", "splice"]
)
def test_children_carry_the_label_that_their_parents_were_voted_for(folder: Path, operator: str) -> None:
    parents = survivors()
    children = source(folder, operator).vary(parents, 0)
    assert {child.dependence for child in children} <= {Dependence.DP}
    voted = {one.sample_id: label for label, chosen in parents.items() for one in chosen}
    assert children or operator in {"counterfactual", "splice"}
    for child in children:
        assert child.origin == operator
        assert {child.label} | {label for label, _ in child.belief} <= set(LABELS)
        if operator not in {"mix", "counterfactual"}:
            assert {voted[parent] for parent in child.parents} <= {child.label}
        elif operator == "mix":
            assert {voted[parent] for parent in child.parents} == set(LABELS)


def test_an_operator_writes_with_the_model_that_the_campaign_names(folder: Path) -> None:
    children = source(folder, "tune-then-generate").vary(survivors(), 0)
    assert {child.source for child in children} == {"tiny"}
    assert children == source(folder, "tune-then-generate").vary(survivors(), 0)
    assert children != source(folder, "tune-then-generate", temperature=2.0).vary(survivors(), 0)


def test_what_the_campaign_says_that_the_model_was_trained_on_marks_its_texts(folder: Path) -> None:
    parents = {
        label: [Candidate(f"a text of {label}", "toy", "toy", label)] for label in LABELS
    }  # public, so that the mark can only come from the model
    for trained_on, mark in (("public", Dependence.PUBLIC), ("dp", Dependence.DP)):
        children = source(folder, "tune-then-generate", trained_on=trained_on).vary(parents, 0)
        assert {child.dependence for child in children} == {mark}


def test_judges_know_the_campaigns_labels(folder: Path) -> None:
    children = source(folder, "ensemble-select").vary(survivors(), 0)
    assert {child.label for child in children} <= set(LABELS)


def test_a_survivor_too_long_for_the_model_costs_its_label_and_not_the_campaign(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parents = survivors()
    parents["lost_card"].append(Candidate("my long note " * 20, "toy", "toy"))
    children = source(folder, "paraphrase").vary(parents, 0)
    assert {child.label for child in children} == {"exchange_rate"}
    assert [record.message.split(":")[0] for record in caplog.records] == ["FA210"]
    assert "note" not in caplog.text


def test_a_child_may_have_a_label_that_none_of_its_parents_has(folder: Path) -> None:
    """A teacher that knows the campaign's labels flips a text of the one label that survived to the other."""
    flipped = []
    for text in ("aa bb", "cc dd ee", "ff gg", "hh ii jj", "kk ll"):
        parents = {"lost_card": [Candidate(text, "toy", "toy")]}
        flipped += source(folder, "counterfactual").vary(parents, 0)
    assert flipped
    assert {child.label for child in flipped} == {"exchange_rate"}
    assert all(child.belief[0][0] == "exchange_rate" for child in flipped)


@pytest.mark.parametrize("operator", ["annotate", "annotate-budgeted"])
def test_an_operator_that_makes_no_texts_steers_nothing(folder: Path, operator: str) -> None:
    with pytest.raises(ConfigError, match=f"FA101: the operator {operator} makes no texts"):
        source(folder, operator).vary(survivors(), 0)
