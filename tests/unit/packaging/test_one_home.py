"""A sentence that people read has one home: two copies would drift apart."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "src" / "fedaug"
_WORDS = 5


def sentences(module: ast.Module) -> Iterator[str]:
    """The texts of a module's constants."""
    for statement in module.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(value.value.split()) >= _WORDS:
            yield value.value


def test_no_sentence_is_a_constant_of_two_modules() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    rooms = [path for path in PACKAGE.iterdir() if path.is_dir()]  # four of them are links, which rglob does not enter
    modules = [module for room in rooms for module in room.resolve().rglob("*.py")] + list(PACKAGE.glob("*.py"))
    for module in modules:
        for sentence in sentences(ast.parse(module.read_text(encoding="utf-8"))):
            homes[sentence].append(module.name)
    assert len(modules) > 300
    assert len(homes) > 50
    assert {sentence: modules for sentence, modules in homes.items() if len(modules) > 1} == {}
