"""An example as a Flower app: the same campaign through ``flwr run``, with virtual sites made where the nodes run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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

    A site is prepared at its first request, and opened anew for each, as under a SuperNode, where every message has a
    process of its own: Ray unpickles the app for each message, and any of its workers may get a node's next one.

    Args:
        folder: Holds ``campaign.toml`` and ``simulation.toml``.
        noise: A site's noise source by its name; tests alone give one.
    """
    return make_client_app(lambda context: _NodeDoor(folder, context, noise))


@dataclass(frozen=True)
class _NodeDoor:
    """The door of the site that a node plays."""

    folder: Path
    context: Context
    noise: Callable[[str], NoiseSource] | None

    def handle(self, request: bytes) -> bytes:
        """Answer one request."""
        example, out = _setting(self.folder, self.context)
        index = int(self.context.node_config["partition-id"])
        with closing(VirtualSites(example, out / "sites", _encoder, self.noise)) as sites:
            site = sites.prepare(index, lambda: deal(example, read_rows(example, out).train)[index])
            return site.handle(request)


@cache
def _encoder() -> Encoder:
    """Loaded once in each of Ray's workers."""
    return MiniLM()


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
        consortium = VirtualSites(example, out / "sites", _encoder).consortium
        coordinate(example, exchange, out, encoders.public, heldout, LogNarrator(), consortium)
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
