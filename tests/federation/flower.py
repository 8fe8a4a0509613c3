"""Runs a real ``flwr run`` with a SuperLink of its own, and leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True)
class FlowerRun:
    """How a run ended (``finished:completed`` is success), and what it and its SuperLink logged."""

    status: str
    log: str


def flwr_run(
    app_dir: Path, run_config: Mapping[str, Any], federation_config: Mapping[str, Any], home: Path, limit: float = 300.0
) -> FlowerRun:
    """Run the Flower app in ``app_dir`` until it has finished, or for ``limit`` seconds.

    Args:
        run_config: Overrides of ``[tool.flwr.app.config]``.
        federation_config: Such as ``{"num-supernodes": 3, "client-resources-num-cpus": 1}``.
        home: A folder for Flower's own state, used by nothing else.
    """
    home.mkdir(parents=True, exist_ok=True)
    with _superlink(home) as environment:

        def flwr(*arguments: str) -> str:
            done = subprocess.run(
                ["flwr", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        options = ["--federation-config", _toml(federation_config)]
        options += ["--run-config", _toml(run_config)] if run_config else []
        started = json.loads(flwr("run", str(app_dir), *options, "--format", "json"))
        run_id = started["run-id"]

        def status() -> str:
            return str(json.loads(flwr("list", "--run-id", run_id, "--format", "json"))["runs"][0]["status"])

        # Each look starts the flwr command, two seconds of processor time that the run needs itself.
        ended = _until(lambda: status().startswith("finished"), limit, 5.0)
        final = status() if ended else f"still {status()} after {limit:g} s"
        log = flwr("log", run_id, "--show") + _superlink_log(home)
    return FlowerRun(final, log)


def processes_of(home: Path) -> list[int]:
    """Ids of the processes whose Flower home is ``home``: whatever a run started carries it in its environment."""
    mark = f"FLWR_HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


@contextmanager
def _superlink(home: Path) -> Iterator[dict[str, str]]:
    """A SuperLink like the one that ``flwr run`` would start and leave running; gives the environment to reach it."""
    port = _free_port()
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "FLWR_HOME": str(home),
        "FLWR_LOCAL_SUPERLINK_HTTP_API_PORT": str(port),
        "FLWR_TELEMETRY_ENABLED": "0",
        "FLWR_DISABLE_UPDATE_CHECK": "1",
        "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = ["flower-superlink", "--insecure", "--simulation", "--isolation", "subprocess", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--database", str(home / "state.db")]
    with (home / "superlink.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        health = f"http://127.0.0.1:{port}/health"
        assert _until(lambda: process.poll() is not None or _answers(health), 60.0, 0.2), "the SuperLink did not start"
        assert process.poll() is None, _superlink_log(home)
        yield environment
    finally:
        _end(home)
        process.wait(timeout=10)


def _end(home: Path) -> None:
    """End everything that the run started: politely first, so that Ray cleans up after itself."""
    for sign, grace in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0)):
        for process in processes_of(home):
            try:
                os.kill(process, sign)
            except ProcessLookupError:
                continue
        if _until(lambda: not processes_of(home), grace, 0.2):
            return
    raise AssertionError(f"processes {processes_of(home)} would not end")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _until(condition: Callable[[], bool], limit: float, poll: float) -> bool:
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll)
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _superlink_log(home: Path) -> str:
    return (home / "superlink.log").read_text(errors="replace")


def _toml(values: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={json.dumps(value)}" for key, value in values.items())
