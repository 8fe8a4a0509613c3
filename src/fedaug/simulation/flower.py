"""An example as a Flower app: the same campaign through ``flwr run``, with virtual sites made where the nodes run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flwr.app import Context
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from platformdirs import user_data_dir

from fedaug.augmentation.encoder import Encoder, MiniLM
from fedaug.client.app import make_client_app
from fedaug.privacy.noise import NoiseSource
from fedaug.server.app import make_server_app
from fedaug.server.exchange import Exchange
from fedaug.server.schooling import Heldout
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.run import Encoders, coordinate
from fedaug.simulation.sites import VirtualSites, deal

_LOG = logging.getLogger(__name__)


def example_client_app(folder: Path, noise: Callable[[str], NoiseSource] | None = None) -> ClientApp:
    """The sites' app of an example: node k plays site k.

    Args:
        folder: Holds ``campaign.toml`` and ``simulation.toml``.
        noise: A site's noise source by its name; tests alone give one.
    """
    kept: dict[str, Any] = {}

    def encoder() -> Encoder:
        if "encoder" not in kept:
            kept["encoder"] = MiniLM()
        found: Encoder = kept["encoder"]
        return found

    def open_site(context: Context) -> Any:
        example, out = _setting(folder, context)
        if kept.get("out") != out:
            kept.update(out=out, sites=VirtualSites(example, out / "sites", encoder, noise))
        index = int(context.node_config["partition-id"])
        return kept["sites"].prepare(index, lambda: deal(example, read_rows(example, out).train)[index])

    return make_client_app(open_site)


def example_server_app(folder: Path) -> ServerApp:
    """The coordinator's app of an example; its report has no reference figures.

    Args:
        folder: Holds ``campaign.toml`` and ``simulation.toml``.
    """

    def run(exchange: Exchange, context: Context) -> None:
        example, out = _setting(folder, context)
        encoders = Encoders.open()
        rows = read_rows(example, out)
        pairs = [(record.text, str(record.label)) for record in rows.heldout]
        heldout = Heldout.of(pairs, example.campaign.labels, encoders.plain, rows.description)
        coordinate(example, exchange, out, encoders.public, heldout, LogNarrator())
        _LOG.warning("report: %s", out / "report.html")

    return make_server_app(run)


class LogNarrator:
    """Writes one line a phase to the log that ``flwr run --stream`` shows."""

    def phase(self, name: str) -> None:
        """A phase begins."""
        _LOG.warning("%s", name)

    def step(self, done: int, total: int) -> None:
        """Steps within a phase are not logged."""


def _setting(folder: Path, context: Context) -> tuple[Example, Path]:
    """The example as the run's config changes it, and the run's folder, the same on every node."""
    overrides = {key.replace("__", "."): value for key, value in context.run_config.items() if key != "out"}
    named = context.run_config.get("out")
    out = Path(str(named)) if named else Path(user_data_dir("fedaug")) / "runs" / str(context.run_id)
    out.mkdir(parents=True, exist_ok=True)
    return Example.load(folder, overrides), out
