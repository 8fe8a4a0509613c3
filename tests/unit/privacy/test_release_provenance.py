"""What made a bundle, by hashes, and which gate reads what."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import fedaug
from fedaug.errors import ConfigError
from fedaug.privacy import vetting
from fedaug.privacy.bundle import provenance
from fedaug.privacy.bundle.gates import SHIPPED, gate_facts
from fedaug.privacy.bundle.provenance import code_fact, model_facts, shipped_models
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.vetting.gate import GateClass
from fedaug.privacy.vetting.registry import GROUP

ROOT = Path(__file__).resolve().parents[3]


def shipped() -> Iterator[tuple[str, GateClass]]:
    """Name and class of every gate in the room of gates."""
    for module in iter_modules(vetting.__path__):
        for made in vars(import_module(f"fedaug.privacy.vetting.{module.name}")).values():
            name, stated = getattr(made, "name", None), getattr(made, "gate_class", None)
            if isinstance(made, type) and isinstance(name, str) and isinstance(stated, GateClass):
                yield name, stated


def test_the_shipped_gates_are_of_the_classes_that_they_state() -> None:
    found = {name: stated.value for name, stated in shipped()}
    assert len(found) > 10
    assert found == {name: SHIPPED.get(name) for name in found}, (
        "write the new gate's class into privacy/bundle/gates.py"
    )
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
    assert declared.keys() <= SHIPPED.keys()


def test_a_gate_that_nobody_knows_is_not_passed_off_as_harmless() -> None:
    assert [fact.gate_class for fact in gate_facts(["length", "duplicate"])] == ["F", "F"]
    with pytest.raises(ConfigError, match="not installed here"):
        gate_facts(["length", "of-nobody"])


def test_the_hash_of_the_code_is_of_every_file_wherever_a_link_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, room = tmp_path / "fedaug", tmp_path / "room"
    (package / "__pycache__").mkdir(parents=True)
    room.mkdir()
    (package / "one.py").write_text("1")
    (package / "__pycache__" / "one.pyc").write_text("compiled")
    (room / "two.py").write_text("2")
    (package / "room").symlink_to(room)
    monkeypatch.setattr(provenance, "_PACKAGE", package)
    hashes = {"one.py": hashlib.sha256(b"1").hexdigest(), "room/two.py": hashlib.sha256(b"2").hexdigest()}
    made = code_fact()
    assert (made.files, made.sha256) == (2, hashlib.sha256(json.dumps(hashes).replace(" ", "").encode()).hexdigest())
    (room / "two.py").write_text("3")
    assert code_fact().sha256 != made.sha256


def test_the_installed_program_and_its_weights_are_found() -> None:
    made = code_fact()
    assert made.version == fedaug.__version__
    assert made.files > 300
    weights = {fact.file: fact.sha256 for fact in shipped_models()}
    for language in ("en", "es"):
        name = f"privacy/deid/neural/weights/{language}.safetensors"
        assert weights[name] == digest((ROOT / name).read_bytes())


def test_of_a_models_folder_weights_and_tokens_are_named(tmp_path: Path) -> None:
    for name in ("model.safetensors", "tokenizer.json", "README.md", "config.json"):
        (tmp_path / name).write_text(name)
    found = model_facts("small", tmp_path)
    assert [fact.file for fact in found] == ["config.json", "model.safetensors", "tokenizer.json"]
    assert canonical_json([fact.model_dump() for fact in found])
