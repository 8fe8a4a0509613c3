"""The coordinator's side of this example, as a Flower ServerApp."""

from pathlib import Path

from fedaug.simulation.flower import example_server_app

app = example_server_app(Path(__file__).resolve().parent.parent)
