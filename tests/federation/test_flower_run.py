"""One small app, run by ``flwr run`` and in this process: the same bytes must come back."""

import json
import runpy
from pathlib import Path

import pytest
from tests.federation.flower import flwr_run, processes_of

from fedaug.simulation.grid import run_in_process

SITES = 3
RECORD = "Mrs Ada Quillfeather, ward 7"

PYPROJECT = """
[project]
name = "toy"
version = "0.1.0"
description = "A relay with a toy door."
license = "Apache-2.0"
dependencies = ["flwr>=1.41,<1.42"]

[tool.flwr.app]
publisher = "fedaug"
fab-include = ["/toy/*.py"]

[tool.flwr.app.components]
serverapp = "toy.server_app:app"
clientapp = "toy.client_app:app"

[tool.flwr.app.config]
out = ""
"""

CLIENT_APP = f"""
from fedaug.client.app import make_client_app


class Door:
    def __init__(self, context):
        self.site = context.node_config["partition-id"]

    def handle(self, request):
        if request == b"fail" and self.site == 1:
            raise RuntimeError(bytes.fromhex({RECORD.encode().hex()!r}).decode())
        return b"%d of " % self.site + request[::-1]


app = make_client_app(Door)
"""

SERVER_APP = f"""
import json
from pathlib import Path

from fedaug.server.app import make_server_app


def run(exchange, context):
    nodes = exchange.nodes({SITES})
    rounds = []
    for request in (b"hello", bytes(range(256)) * 4_000, b"fail"):
        replies = exchange.ask({{node: request for node in nodes}}, timeout=120)
        rounds.append(sorted(reply.hex() for reply in replies.values()))
    Path(context.run_config["out"]).write_text(json.dumps(rounds))


app = make_server_app(run)
"""


@pytest.fixture
def toy_app(tmp_path: Path) -> Path:
    package = tmp_path / "app" / "toy"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text("")
    (package / "client_app.py").write_text(CLIENT_APP)
    (package / "server_app.py").write_text(SERVER_APP)
    return package.parent


def test_flwr_run_and_the_grid_in_process_give_identical_reply_bytes(toy_app: Path, tmp_path: Path) -> None:
    by_grid, by_flower, home = tmp_path / "grid.json", tmp_path / "flower.json", tmp_path / "home"
    apps = [runpy.run_path(str(toy_app / "toy" / f"{side}_app.py"))["app"] for side in ("server", "client")]
    run_in_process(*apps, SITES, run_config={"out": str(by_grid)})

    run = flwr_run(toy_app, {"out": str(by_flower)}, {"num-supernodes": SITES, "client-resources-num-cpus": 1}, home)

    assert run.status == "finished:completed", run.log
    assert [len(replies) for replies in json.loads(by_flower.read_text())] == [SITES, SITES, SITES]
    assert by_flower.read_text() == by_grid.read_text()
    assert RECORD not in run.log
    stored = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.name == "state.db" for path in stored)
    assert [path for path in stored if RECORD.encode() in path.read_bytes()] == []
    assert processes_of(home) == []


def test_a_run_whose_server_app_fails_is_not_reported_as_completed(toy_app: Path, tmp_path: Path) -> None:
    (toy_app / "toy" / "server_app.py").write_text(
        "from fedaug.server.app import make_server_app\n\n\n"
        "def run(exchange, context):\n    raise RuntimeError('stop here')\n\n\n"
        "app = make_server_app(run)\n"
    )
    home = tmp_path / "home"
    run = flwr_run(toy_app, {}, {"num-supernodes": 1, "client-resources-num-cpus": 1}, home)
    assert run.status == "finished:failed", run.log
    assert "stop here" in run.log
    assert processes_of(home) == []
