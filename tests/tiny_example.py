"""A campaign so small that it runs in seconds: three labels, three sites, two rounds, made-up questions."""

from __future__ import annotations

import csv
import os
from itertools import product
from pathlib import Path

LABELS = ("card_arrival", "exchange_rate", "pin_blocked")
SITES = 3
PLANNED = ("counts", "statistics", "votes/0", "votes/1", "metric")

CAMPAIGN = """
name = "tiny"
title = "Three intents"
seed = 3
minimum_sites = 3
labels = ["card_arrival", "exchange_rate", "pin_blocked"]
[privacy]
epsilon = 4.0
delta = 1e-5
[[candidates]]
generator = "label-phrases"
options = { per_label = 20 }
[steering]
rounds = 2
candidates_per_label = 8
survivors_per_label = 4
variations_per_label = 4
operators = ["splice"]
[pool]
per_label = 12
"""

SIMULATION = """
[data]
data_set = "banking77"
file = "train.csv"
validation_percent = 25
[data.columns]
text = "text"
label = "label"
[sites]
count = 3
"""

_ASKED = {
    "card_arrival": ("where is my new card", "my card has not come", "when will the card be in the post"),
    "exchange_rate": ("which exchange rate do you use", "what rate do I get for dollars", "is your rate a fair one"),
    "pin_blocked": ("my pin is blocked", "I typed the pin wrong three times", "how do I unlock my pin"),
}
_OPENINGS = ("hello", "please", "good day", "sorry", "quickly", "one question", "help", "again")


def write_example(folder: Path) -> Path:
    """The example's folder."""
    folder.mkdir(parents=True)
    (folder / "campaign.toml").write_text(CAMPAIGN, "utf-8")
    (folder / "simulation.toml").write_text(SIMULATION, "utf-8")
    return folder


def write_records(path: Path) -> Path:
    """72 labelled questions with ids, as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        asked = ((label, text) for label, texts in _ASKED.items() for text in texts)
        for number, ((label, text), opening) in enumerate(product(asked, _OPENINGS)):
            rows.writerow([f"q{number}", f"{opening}, {text}", label])
    return path


def environment(folder: Path) -> dict[str, str]:
    """Variables under which commands find a passphrase, no data set, and a cache of their own."""
    passphrase = folder / "passphrase"
    passphrase.write_text("a passphrase for tests\n", "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FEDAUG_", "COLUMNS"))}
    return kept | {
        "FEDAUG_PASSPHRASE_FILE": str(passphrase),
        "FEDAUG_DATA": str(folder / "no-data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
