"""What ``flwr run`` sends to every node: the app's own files by name, and nothing that lies beside them."""

import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from flwr.cli.build import build_fab_from_disk
from flwr.cli.install import install_from_fab

# flwr 1.41 asks pathspec for a pattern style by its former name.
pytestmark = pytest.mark.filterwarnings("ignore:GitWildMatchPattern:DeprecationWarning")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLANTED = [
    "patients.jsonl",
    "patients.csv",
    "patients.json",
    "notes.md",
    "notes.yaml",
    "site.toml",
    "data/campaign.toml",
    "data/simulation.toml",
    "data/records.jsonl",
    "{name}/patients.jsonl",
    "{name}/patients.json",
    "{name}/helper.py",
    "{name}/README.md",
    "sub/{name}/client_app.py",
]


@pytest.fixture(params=["banking", "banking-adapters", "clinic", "clinic-adapters"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = tmp_path / request.param
    shutil.copytree(EXAMPLES / request.param, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def package(name: str) -> str:
    return name.replace("-", "_")


def golden(name: str) -> set[str]:
    modules = {f"{package(name)}/{module}.py" for module in ("__init__", "client_app", "server_app")}
    return {"pyproject.toml", "campaign.toml", "simulation.toml", ".info/CONTENT"} | modules


def listing(app: Path) -> set[str]:
    return set(zipfile.ZipFile(BytesIO(build_fab_from_disk(app))).namelist())


def plant(app: Path) -> None:
    for pattern in PLANTED:
        path = app / pattern.format(name=package(app.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Mrs Ada Quillfeather")


def test_an_example_bundle_holds_its_golden_list_and_no_planted_file(example: Path) -> None:
    plant(example)
    assert listing(example) == golden(example.name)


def test_without_fab_include_the_planted_records_would_be_sent(example: Path) -> None:
    """The defect that the test above must catch."""
    plant(example)
    project = example / "pyproject.toml"
    start, _, rest = project.read_text().partition("fab-include = [")
    project.write_text(start + rest.partition("]")[2])
    assert {"patients.jsonl", "notes.md", f"{package(example.name)}/patients.jsonl"} <= listing(example)


def test_an_installed_bundle_keeps_the_layout_of_the_example(example: Path, tmp_path: Path) -> None:
    installed = install_from_fab(build_fab_from_disk(example), tmp_path / "home", skip_prompt=True)
    module = installed / package(example.name) / "client_app.py"
    assert module.is_file()
    campaign = module.resolve().parent.parent / "campaign.toml"  # where the module looks for it
    assert campaign.read_bytes() == (example / "campaign.toml").read_bytes()
