"""What the transport of a simulation costs per client and round, when the client itself does next to nothing.

Compared are the grid in one process behind ``fedaug simulate``, Flower's own simulation engine (Ray, the one behind
``flwr run``) and a plain loop over the same doors, which is the floor. The same ServerApp and ClientApp run on
both grids.

    python -m benchmarks.simulate_overhead --json --sites 10 100
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from flwr.app import Context
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

from fedaug.client.app import make_client_app
from fedaug.server.app import make_server_app
from fedaug.server.exchange import Exchange
from fedaug.simulation.grid import run_in_process

REQUEST = bytes(range(256)) * 4  # 1 KiB each way
WARM_UP = 1  # the first round, in which Ray starts its workers and imports, is not counted


class Echo:
    """The trivial client."""

    def handle(self, request: bytes) -> bytes:
        return request


@dataclass(frozen=True)
class Row:
    """Medians over rounds, in milliseconds per client and round."""

    sites: int
    grid_ms: float
    ray_ms: float | None
    loop_ms: float
    rounds: int
    ray_rounds: int

    @property
    def ray_over_grid(self) -> float | None:
        return None if self.ray_ms is None else self.ray_ms / self.grid_ms

    @property
    def grid_over_loop(self) -> float:
        return self.grid_ms / self.loop_ms


def client_app() -> ClientApp:
    return make_client_app(lambda context: Echo())


def server_app(sites: int, rounds: int, keep: Callable[[list[float]], None]) -> ServerApp:
    """Asks every site ``WARM_UP + rounds`` times and hands the milliseconds per client to ``keep``."""

    def run(exchange: Exchange, context: Context) -> None:
        nodes = exchange.nodes(sites)
        taken = []
        for _ in range(WARM_UP + rounds):
            start = time.perf_counter()
            replies = exchange.ask(dict.fromkeys(nodes, REQUEST), timeout=600)
            taken.append((time.perf_counter() - start) * 1e3 / sites)
            if list(replies.values()) != [REQUEST] * sites:
                raise RuntimeError(f"{len(replies)} of {sites} sites answered")  # else the figure would mean nothing
        keep(taken[WARM_UP:])

    return make_server_app(run)


def by_grid(sites: int, rounds: int) -> float:
    taken: list[float] = []
    run_in_process(server_app(sites, rounds, taken.extend), client_app(), sites)
    return median(taken)


def by_loop(sites: int, rounds: int) -> float:
    doors = [Echo() for _ in range(sites)]
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        replies = {site: door.handle(REQUEST) for site, door in enumerate(doors)}
        taken.append((time.perf_counter() - start) * 1e3 / len(replies))
    return median(taken)


def by_ray(sites: int, rounds: int) -> float:
    """In a process of its own, because the engine keeps threads, and with a Flower home of its own."""
    with tempfile.TemporaryDirectory() as home:
        out = Path(home, "out.json")
        environment = {
            **os.environ,
            "FLWR_HOME": home,
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        command = [sys.executable, "-m", "benchmarks.simulate_overhead", "--ray-child", str(out)]
        command += ["--sites", str(sites), "--ray-rounds", str(rounds)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode or not out.exists():
            raise RuntimeError(done.stderr[-2_000:])
        return median(json.loads(out.read_text()))


def ray_child(out: Path, sites: int, rounds: int) -> None:
    # The engine of `flwr run` without its SuperLink, whose start-up is no cost of a round.
    from flwr.simulation import run_simulation  # noqa: PLC0415  only this process needs it

    def keep(taken: list[float]) -> None:
        out.write_text(json.dumps(taken))

    config = {"client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
    run_simulation(server_app(sites, rounds, keep), client_app(), num_supernodes=sites, backend_config=config)


def measure(sites: int, rounds: int, ray_rounds: int) -> Row:
    few = max(1, ray_rounds // 5) if sites >= 1_000 else ray_rounds
    ray = by_ray(sites, few) if ray_rounds else None
    return Row(sites, by_grid(sites, rounds), ray, by_loop(sites, rounds), rounds, few if ray_rounds else 0)


def table(rows: list[Row]) -> str:
    lines = [f"{'sites':>6} {'grid ms':>9} {'Ray ms':>9} {'loop ms':>9} {'Ray/grid':>9} {'grid/loop':>9}"]
    for row in rows:
        ray = "-" if row.ray_ms is None else f"{row.ray_ms:.2f}"
        ratio = "-" if row.ray_over_grid is None else f"{row.ray_over_grid:.0f}"
        figures = f"{row.grid_ms:>9.3f} {ray:>9} {row.loop_ms:>9.5f} {ratio:>9} {row.grid_over_loop:>9.0f}"
        lines.append(f"{row.sites:>6} {figures}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--sites", type=int, nargs="+", default=[10, 100, 1_000])
    parser.add_argument("--rounds", type=int, default=20, help="rounds of the grid and the loop")
    parser.add_argument(
        "--ray-rounds", type=int, default=10, help="rounds of Ray, a fifth at 1000 sites; 0: without Ray"
    )
    parser.add_argument("--ray-child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ray_child:
        ray_child(options.ray_child, options.sites[0], options.ray_rounds)
        return
    rows = [measure(sites, options.rounds, options.ray_rounds) for sites in options.sites]
    print(table(rows), file=sys.stderr)
    if options.json:
        figures = [{**asdict(r), "ray_over_grid": r.ray_over_grid, "grid_over_loop": r.grid_over_loop} for r in rows]
        settings = {"request_bytes": len(REQUEST), "warm_up_rounds": WARM_UP, "cores": os.cpu_count()}
        print(json.dumps({"benchmark": "simulate_overhead", "rows": figures, "settings": settings}))


if __name__ == "__main__":
    main()
