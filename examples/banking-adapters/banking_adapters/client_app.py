"""The site's side of this example, as a Flower ClientApp."""

from pathlib import Path

from fedaug.simulation.flower import example_client_app

app = example_client_app(Path(__file__).resolve().parent.parent)
