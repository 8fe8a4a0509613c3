"""The table of operators in docs/reference names every operator that is installed, with its kind."""

from __future__ import annotations

import re
from pathlib import Path

from fedaug.augmentation.registry import OPERATORS, load_plugin, plugin_names

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "operators.md"


def test_every_operator_is_in_the_table_with_its_kind() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (create|label|reform) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert rows == {name: load_plugin(OPERATORS, name).kind.value for name in plugin_names(OPERATORS)}
