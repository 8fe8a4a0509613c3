"""One whole voting round of a simulation, in milliseconds a site, against embedding the records of that site.

A site is a real one: folder, keys, sealed store and ledger on disk. The round begins with the coordinator's request and
ends with the verified, added-up and checkpointed votes. Each size runs in a process of its own, for its peak memory.

    python -m benchmarks.round --json --sites 10 100
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from flwr.app import Context
from numpy.typing import NDArray

from benchmarks.measure import median_seconds, result, show
from fedaug.augmentation.encoder import MiniLM, Progress
from fedaug.augmentation.generators.clinical_notes import Note, clinical_notes
from fedaug.client.app import make_client_app
from fedaug.client.records import Provenance, Record
from fedaug.client.site import Site
from fedaug.privacy.deid import Deidentifier
from fedaug.server.campaign import plan_campaign
from fedaug.server.enrolment import EnrolledConsortium
from fedaug.server.exchange import FlowerExchange
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.simulation.example import Example
from fedaug.simulation.grid import InProcessGrid
from fedaug.simulation.sites import VirtualSites
from fedaug.strategies.messages import AskVotes, CampaignPlan

RECORDS = 20
DISTINCT = 200  # made-up notes; beyond that sites hold the same ones
PER_LABEL = 40
ROUNDS = 5

CAMPAIGN = """
name = "round"
title = "Round"
labels = {labels}
privacy = {{ epsilon = 4.0, delta = 1e-5 }}
steering = {{ rounds = {rounds} }}
candidates = [{{ generator = "label-phrases" }}]
"""
SIMULATION = """
data = {{ data_set = "mts_dialog", file = "none", columns = {{ text = "text", label = "label" }} }}
sites = {{ count = {sites} }}
"""


def make_example(folder: Path, labels: Sequence[str], sites: int) -> Example:
    (folder / "campaign.toml").write_text(CAMPAIGN.format(labels=json.dumps(labels), rounds=ROUNDS))
    (folder / "simulation.toml").write_text(SIMULATION.format(sites=sites))
    return Example.load(folder)


def records_of(site: int, notes: Sequence[Note]) -> list[Record]:
    picked = [notes[(site * RECORDS + place) % len(notes)] for place in range(RECORDS)]
    return [
        Record(
            f"{site}-{place}", note.subject_id, note.section_text, note.section_header, Provenance("made up", place), {}
        )
        for place, note in enumerate(picked)
    ]


class OnceEncoder:
    """Embeds each text once: sites hold the same notes here, and their embedding is timed by itself."""

    def __init__(self, encoder: MiniLM) -> None:
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self._encoder = encoder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        new = list({text: None for text in texts if text not in self._vectors})
        self._vectors |= zip(new, self._encoder.embed(new), strict=True)
        return np.stack([self._vectors[text] for text in texts])


def measure(sites: int) -> dict[str, float]:
    """Figures for one number of sites; leaves nothing behind."""
    notes = list(clinical_notes(DISTINCT, 1))
    labels = sorted({note.section_header for note in notes})
    model, texts = MiniLM(), [note.section_text for note in notes]
    seconds = median_seconds({"embed": lambda: model.embed(texts[:RECORDS])}, 3)["embed"]
    encoder = OnceEncoder(model)
    encoder.embed([text for text in Deidentifier().deidentify_many(texts) if isinstance(text, str)])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        example = make_example(folder, labels, sites)
        with closing(VirtualSites(example, folder / "sites", lambda: encoder)) as virtual:
            began = time.perf_counter()
            opened = [virtual.prepare(site, partial(records_of, site, notes)) for site in range(sites)]
            prepared = time.perf_counter() - began
            plan = plan_campaign(example.campaign, encoder.name, encoder.dimensions)
            consortium = virtual.consortium.as_coordinator()
            rounds = voting_rounds(opened, plan, folder / "pool.sqlite", consortium)
    return {
        "sites": sites,
        "prepare_ms": 1e3 * prepared / sites,
        "embed_ms": 1e3 * seconds,
        "first_round_ms": 1e3 * rounds[0] / sites,
        "round_ms": 1e3 * median(rounds[1:]) / sites,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def voting_rounds(
    opened: Sequence[Site], plan: CampaignPlan, pool_path: Path, consortium: EnrolledConsortium
) -> list[float]:
    """Seconds of each voting round, by all sites; in the first they unseal their records."""

    def open_site(context: Context) -> Site:
        return opened[int(context.node_config["partition-id"])]

    count = len(plan.labels) * PER_LABEL
    vectors = np.random.default_rng(0).standard_normal((count, plan.dimensions))
    tensors = {
        "candidates": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        "labels": np.repeat(np.arange(len(plan.labels), dtype=np.int32), PER_LABEL),
    }
    seconds = []
    with InProcessGrid(make_client_app(open_site), len(opened)) as grid, Pool.open(pool_path) as pool:
        pool.start_campaign(plan.campaign, plan.digest, {})
        asked = Rounds(plan, FlowerExchange(grid), pool, len(opened), 3_600.0, consortium)
        asked.gather()
        for turn in range(ROUNDS):
            began = time.perf_counter()
            total = asked.total(AskVotes(campaign=plan.campaign, key=f"votes/{turn}"), (count,), tensors)
            seconds.append(time.perf_counter() - began)
            assert len(total.releases) == len(opened)
    return seconds


def in_a_process(sites: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.round", "--child", "--sites", str(sites)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--sites", type=int, nargs="+", default=[10, 100, 1_000])
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.sites[0])))
        return
    rows = [in_a_process(sites) for sites in options.sites]
    show(list(rows[0]), [list(row.values()) for row in rows])
    if options.json:
        last = rows[-1]
        print(
            result(
                "round",
                unit="ms per site and voting round; the alternative is embedding the site's records once",
                ours=last["round_ms"],
                alternative=last["embed_ms"],
                ratio=last["embed_ms"] / last["round_ms"],
                all=rows,
                settings={"records_per_site": RECORDS, "candidates_per_label": PER_LABEL, "rounds": ROUNDS},
            )
        )


if __name__ == "__main__":
    main()
