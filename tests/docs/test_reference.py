"""The settings tables of docs/reference name every setting that the code reads, and no other."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from fedaug.client.settings import SiteSettings
from fedaug.client.training.adaptation_plan import AdaptationPlan
from fedaug.privacy.bundle.gates import SHIPPED
from fedaug.privacy.vetting import GROUP
from fedaug.server.campaign import CampaignConfig
from fedaug.strategies.vetting.options import (
    CollapseOptions,
    ContaminationOptions,
    DuplicateOptions,
    FluencyOptions,
    IdentifierOptions,
    InformationOptions,
    NoveltyOptions,
    RelabelOptions,
    TriggerOptions,
)

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def setting_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted names of every setting; a table of settings is named by what it holds, a list of tables also by itself."""
    for name, field in model.model_fields.items():
        inner = list(_models_in(field.annotation))
        is_list = bool(inner) and field.annotation is not inner[0]
        if not inner or is_list:
            yield prefix + name
        for nested in inner:
            yield from setting_names(nested, f"{prefix}{name}.")


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def documented(page: str) -> list[str]:
    """The first column of every table whose first heading is "setting"."""
    tables = re.findall(r"^\| setting \|.*\n\|-.*\n((?:\|.*\n)+)", (REFERENCE / page).read_text(encoding="utf-8"), re.M)
    return re.findall(r"^\| `([a-z_.]+)` \|", "".join(tables), re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "model"),
    [("campaign.md", CampaignConfig), ("site.md", SiteSettings), ("adaptation.md", AdaptationPlan)],
)
def test_every_setting_is_documented_once_and_no_other(page: str, model: type[BaseModel]) -> None:
    names = documented(page)
    assert len(names) > 8
    assert sorted(names) == sorted(setting_names(model))


def gate_rows() -> dict[str, list[str]]:
    """The table of gates by name: class, what it refuses, options, cost, limits."""
    text = (REFERENCE / "campaign.md").read_text(encoding="utf-8")
    table = re.search(r"^\| gate \| class \|.*\n\|-.*\n((?:\|.*\n)+)", text, re.M)
    assert table is not None
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table[1].splitlines()]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_gate_is_in_the_table_with_its_class() -> None:
    assert {name: row[0] for name, row in gate_rows().items()} == dict(SHIPPED)


@pytest.mark.parametrize(
    ("gate", "options"),
    [
        ("collapse", CollapseOptions),
        ("contamination", ContaminationOptions),
        ("duplicate", DuplicateOptions),
        ("fluency", FluencyOptions),
        ("identifier", IdentifierOptions),
        ("information", InformationOptions),
        ("novelty", NoveltyOptions),
        ("relabel", RelabelOptions),
        ("trigger", TriggerOptions),
    ],
)
def test_every_option_of_a_gate_is_in_its_row(gate: str, options: type[BaseModel]) -> None:
    assert set(re.findall(r"`([a-z_]+)`", gate_rows()[gate][2])) - {"false", "true"} == set(options.model_fields)


@pytest.mark.parametrize("name", ["length", "repetition", "language", "toxicity", "balance", "injection"])
def test_every_option_of_a_gate_without_a_model_is_in_its_row(name: str) -> None:
    (entry,) = entry_points(group=GROUP, name=name)
    named = set(re.findall(r"`([a-z_]+)`", gate_rows()[name][2]))
    assert set(inspect.signature(entry.load()).parameters) <= named
