"""One small campaign by ``flwr run`` and in this process: what the sites release must be the same to the byte."""

import csv
import json
import shutil
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load
from tests.federation.flower import flwr_run, processes_of
from tests.federation.stateless_noise import StatelessNoise, StatelessSilence

from fedaug.augmentation.generators.clinical_notes import clinical_notes
from fedaug.privacy.envelope import open_envelope
from fedaug.server.pool import Pool
from fedaug.simulation.flower import LogNarrator
from fedaug.simulation.run import simulate

ROOT = Path(__file__).resolve().parents[2]
SITES = 3
LABELS = ("GENHX", "MEDICATIONS", "ALLERGY", "PLAN")
KEYS = ("counts", "statistics", "votes/0", "votes/1", "metric")

CAMPAIGN = f"""
name = "small"
title = "Sections"
seed = 3
minimum_sites = {SITES}
labels = {json.dumps(LABELS)}

[privacy]
epsilon = 4.0
delta = 1e-5

[steering]
rounds = 2
candidates_per_label = 10
survivors_per_label = 4
variations_per_label = 5

[pool]
per_label = 20

[[candidates]]
generator = "label-phrases"
options = {{ per_label = 20 }}
"""

SIMULATION = f"""
[data]
data_set = "mts_dialog"
file = "train.csv"
validation_percent = 20

[data.columns]
text = "text"
label = "label"

[sites]
count = {SITES}
partition = "dirichlet"
"""

PYPROJECT = """
[project]
name = "small"
version = "0.1.0"
description = "A campaign small enough for a test."
license = "Apache-2.0"
dependencies = ["flwr>=1.41,<1.42"]

[tool.flwr.app]
publisher = "fedaug"
fab-include = ["/campaign.toml", "/simulation.toml", "/small/*.py"]

[tool.flwr.app.components]
serverapp = "small.server_app:app"
clientapp = "small.client_app:app"

[tool.flwr.app.config]
out = ""
"""

CLIENT_APP = """
from pathlib import Path

from tests.federation import stateless_noise

from fedaug.simulation.flower import example_client_app

app = example_client_app(Path(__file__).resolve().parent.parent, noise=stateless_noise.NOISE)
"""


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app's folder; its data set is where the environment says, for this process and for Flower's."""
    folder = tmp_path / "app"
    (folder / "small").mkdir(parents=True)
    files = {"pyproject.toml": PYPROJECT, "campaign.toml": CAMPAIGN, "simulation.toml": SIMULATION}
    files |= {"small/__init__.py": "", "small/client_app.py": CLIENT_APP}
    for name, text in files.items():
        (folder / name).write_text(text)
    server_app = ROOT / "examples" / "clinic" / "clinic" / "server_app.py"  # the examples' own, as it is
    shutil.copy(server_app, folder / "small" / "server_app.py")
    data = tmp_path / "data" / "mts_dialog"
    data.mkdir(parents=True)
    with (data / "train.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows(notes())
    monkeypatch.setenv("FEDAUG_DATA", str(data.parent))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


def notes() -> list[tuple[str, str]]:
    made = ((note.section_text, note.section_header) for note in clinical_notes(3_000, 5))
    return list(islice(((text, label) for text, label in dict(made).items() if label in LABELS), 150))


def envelopes(run: Path) -> dict[tuple[str, str], bytes]:
    """What each site answered to each release request, as the coordinator keeps it."""
    kept = {}
    with Pool.open(run / "pool.sqlite") as pool:
        for key in KEYS:
            checkpoint = pool.load_checkpoint("small", f"envelopes/{key}")
            assert checkpoint is not None, key
            kept |= {(key, site): np.asarray(envelope).tobytes() for site, envelope in load(checkpoint).items()}
    return kept


@pytest.mark.parametrize("noise", [StatelessNoise, StatelessSilence])
def test_flwr_run_and_simulate_release_the_same_bytes(
    noise: type[StatelessNoise], example: Path, tmp_path: Path
) -> None:
    client_app = example / "small" / "client_app.py"
    client_app.write_text(client_app.read_text().replace("NOISE", noise.__name__))
    by_flower, in_process, home = tmp_path / "by-flower", tmp_path / "in-process", tmp_path / "home"
    simulate(example, in_process, narrator=LogNarrator(), noise=noise)

    run = flwr_run(
        example, {"out": str(by_flower)}, {"num-supernodes": SITES, "client-resources-num-cpus": 1}, home, 600
    )

    assert run.status == "finished:completed", run.log
    assert processes_of(home) == []
    ours, theirs = envelopes(in_process), envelopes(by_flower)
    assert Counter(key for key, _ in ours) == dict.fromkeys(KEYS, SITES)
    assert ours.keys() == theirs.keys()
    opened = {place: (open_envelope(ours[place], None), open_envelope(theirs[place], None)) for place in ours}
    assert [place for place, ((_, mine), (_, other)) in opened.items() if mine != other] == []
    assert [
        place for place, ((mine, _), (other, _)) in opened.items() if mine.request_digest != other.request_digest
    ] == []
    # Keys are each run's own, so that equal envelopes would mean that one run had read the other's.
    assert [place for place, ((mine, _), (other, _)) in opened.items() if mine.key_id == other.key_id] == []
    assert no_record_in(home)
    utility = json.loads((by_flower / "report.json").read_text())["utility"]
    assert [utility[name] for name in ("epsilon0", "nonprivate", "local_only", "gap_closed")] == [None] * 4
    assert utility["student"] == json.loads((in_process / "report.json").read_text())["utility"]["student"]


def no_record_in(home: Path) -> bool:
    """Whether no record's text is in what Flower stored and logged; the test's own noise is no excuse for that."""
    stored = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert any(b"SQLite" in data for data in stored)
    texts = [text.encode() for text, _ in notes() if len(text) > 20]
    assert len(texts) > 100
    return not any(text in data for data in stored for text in texts)
