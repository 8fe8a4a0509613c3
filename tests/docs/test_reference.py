"""The settings tables of docs/reference name every setting that the code reads, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from fedaug.client.settings import SiteSettings
from fedaug.server.campaign import CampaignConfig

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


@pytest.mark.parametrize(("page", "model"), [("campaign.md", CampaignConfig), ("site.md", SiteSettings)])
def test_every_setting_is_documented_once_and_no_other(page: str, model: type[BaseModel]) -> None:
    names = documented(page)
    assert len(names) > 8
    assert sorted(names) == sorted(setting_names(model))
