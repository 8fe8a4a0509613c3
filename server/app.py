"""The coordinator's Flower app: gives a campaign its exchange, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from fedaug.server.exchange import Exchange, FlowerExchange


def make_server_app(run: Callable[[Exchange, Context], None]) -> ServerApp:
    """A ServerApp that runs ``run`` once.

    Args:
        run: The whole campaign. An exception that it raises ends the run as failed.
    """
    app = ServerApp()

    @app.main()
    def main(grid: Grid, context: Context) -> None:
        run(FlowerExchange(grid), context)

    return app
