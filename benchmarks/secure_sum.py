"""What a masked sum costs a site and the coordinator, against the plain sum and against Flower's SecAgg+.

    python -m benchmarks.secure_sum --json
    python -m benchmarks.secure_sum --sites 5 10 --values 10000 --runs 5

Every cell is a whole round of :mod:`fedaug.client.secure_sum` and :mod:`fedaug.server.secure_sum` with all messages
written and read; seconds are of the processor, so that a busy machine does not matter. A site's are the median over
all sites of all that it does, its noise included. The coordinator's are without dropouts, and with a fifth of the sites
gone after they shared their secrets, when it has most to do.

The plain sum is the same noisy values written, read and added without masks. Flower's figure is of its own functions of
the four stages (1.41), for one client without noise; its masks come from at most 32 bits of seed (docs/adr/0023), so
what it buys is not the same. ``ratio`` is Flower's client seconds by ours in the largest cell.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from benchmarks.measure import result, show
from fedaug.client.secure_sum import SumSite
from fedaug.privacy.envelope import key_id
from fedaug.privacy.events import DistributedGaussianEvent, ReleaseKind
from fedaug.privacy.masking.fixed_point import shared_noise, with_least_modulus
from fedaug.privacy.mechanisms import distributed_share, distributed_sum
from fedaug.privacy.noise import SystemNoise
from fedaug.server.secure_sum import SumCoordinator
from fedaug.strategies.secure_sum.messages import VALUES, MaskedShare, decode_sum_reply
from fedaug.strategies.secure_sum.terms import SumTerms, least_threshold
from fedaug.strategies.wire import encode

SITES: Final = (5, 10, 50)
VALUE_COUNTS: Final = (10_000, 1_000_000)
#: A larger cell is run once only.
ONCE: Final = 5_000_000
BOUND: Final = 2**36
Figures = dict[str, Any]


def planned(sites: int, values: int) -> DistributedGaussianEvent:
    """A sum of which a fifth may drop out, and a tenth collude."""
    colluders, survivors = sites // 10, sites - sites // 5
    event = shared_noise(
        "statistics",
        ReleaseKind.NOISY_STATISTICS,
        sensitivity=1.0,
        noise_std=4.0,
        dimensions=values,
        sites=sites,
        survivors=survivors,
        colluders=colluders,
    )
    return with_least_modulus(event, BOUND)


def one_round(sites: int, values: int, gone: int) -> Figures:
    """Seconds and bytes of one round in which the last ``gone`` sites are not heard once values are asked for."""
    event = planned(sites, values)
    names = [f"site-{number:02}" for number in range(sites)]
    signers = {name: Ed25519PrivateKey.generate() for name in names}
    book = {(name, key_id(signer.public_key())): signer.public_key() for name, signer in signers.items()}
    terms = SumTerms(
        campaign="benchmark",
        plan="00" * 32,
        event=event.as_dict(),
        bound=BOUND,
        threshold=least_threshold(sites, event.colluders),
        challenge="5a" * 16,
    )
    clean = np.random.default_rng(7).integers(-BOUND, BOUND, values)

    def key_of(name: str, identity: str) -> Ed25519PublicKey:
        return book[name, identity]

    took = dict.fromkeys(names, 0.0)
    moved = dict.fromkeys(names, 0)
    clients = {}
    for name in names:
        began = time.process_time()
        clients[name] = SumSite(
            terms, site=name, signer=signers[name], key_of=key_of, contribution=lambda: clean, noise=SystemNoise()
        )
        took[name] += time.process_time() - began
    coordinator = SumCoordinator(terms, names, key_of)
    served, step = 0.0, 0
    while not coordinator.done:
        began = time.process_time()
        requests = coordinator.requests()
        served += time.process_time() - began
        replies: dict[str, bytes] = {}
        for name, request in requests.items():
            if step >= 2 and name in names[sites - gone :]:
                continue
            began = time.process_time()
            replies[name] = clients[name].answer(request)
            took[name] += time.process_time() - began
            moved[name] += len(request) + len(replies[name])
        began = time.process_time()
        coordinator.receive(replies)
        served += time.process_time() - began
        step += 1
    noise = coordinator.total - (sites - gone) * clean
    assert np.abs(noise).max() < 10 * (sites - gone) * 2**event.log2_steps  # nothing but noise is between the two
    heard = names[: sites - gone]
    return {
        "site_s": statistics.median(took[name] for name in heard),
        "server_s": served,
        "bytes": max(moved[name] for name in heard),
    }


def plain_round(sites: int, values: int) -> Figures:
    """The same noisy values without masks: what one site does, and the coordinator with all of them."""
    event, clean = planned(sites, values), np.zeros(values, np.int64)
    took, replies = [], []
    for _ in range(sites):
        began = time.process_time()
        share = distributed_share(clean, event, SystemNoise())
        replies.append(encode(MaskedShare(roster="00" * 32), {VALUES: share}))
        took.append(time.process_time() - began)
    began = time.process_time()
    total = np.zeros(values, np.uint64)  # added as masked values are, and brought to the modulus once
    for reply in replies:
        total += decode_sum_reply(reply)[1][VALUES].view(np.uint64)
    distributed_sum([(total & np.uint64(event.modulus - 1)).view(np.int64)], event)
    return {
        "site_s": statistics.median(took),
        "server_s": time.process_time() - began,
        "bytes": len(replies[0]),
    }


def flower_client(sites: int, values: int) -> float:
    """Seconds of one client in SecAgg+ by Flower's own functions; the others' part in it is not counted."""
    from flwr.common import ConfigRecord, ndarrays_to_parameters  # noqa: PLC0415
    from flwr.common.secure_aggregation.crypto import symmetric_encryption as crypto  # noqa: PLC0415
    from flwr.common.secure_aggregation.secaggplus_utils import share_keys_plaintext_concat  # noqa: PLC0415
    from flwr.supercore.primitives import asymmetric  # noqa: PLC0415

    # By name: the package's face has a function of the same name in the module's place.
    mod = importlib.import_module("flwr.client.mod.secure_aggregation.secaggplus_mod")
    threshold = planned(sites, 1).survivors
    others = {node: (asymmetric.generate_key_pairs(), asymmetric.generate_key_pairs()) for node in range(1, sites)}
    settings = {
        "sample_num": sites,
        "share_num": sites,
        "threshold": threshold,
        "clipping_range": 8.0,
        "target_range": 2**22,
        "mod_range": 2**32,
        "max_weight": 1_000.0,
    }
    state = mod.SecAggPlusState()
    parameters = ndarrays_to_parameters([np.zeros(values, np.float32)])
    began = time.process_time()
    shown = mod._setup(state, ConfigRecord(dict(settings)))
    took = time.process_time() - began
    keys: dict[str, Any] = {"0": [shown["pk1"], shown["pk2"]]}
    for node, pairs in others.items():
        keys[str(node)] = [asymmetric.public_key_to_bytes(public) for _, public in pairs]
    began = time.process_time()
    mod._share_keys(state, ConfigRecord(keys))
    took += time.process_time() - began
    own = asymmetric.bytes_to_public_key(state.pk2)
    share = bytes(36)
    sealed = [
        crypto.encrypt(crypto.generate_shared_key(pairs[1][0], own), share_keys_plaintext_concat(node, 0, share, share))
        for node, pairs in others.items()
    ]
    began = time.process_time()
    mod._collect_masked_vectors(state, ConfigRecord({"srcs": list(others), "ctxts": sealed}), 1_000, parameters)
    mod._unmask(state, ConfigRecord({"active_nids": list(range(sites)), "dead_nids": []}))
    return took + time.process_time() - began


def keep_memory() -> None:
    """Have the C library keep freed memory: else a cell's seconds depend on what ran before it (glibc only)."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for option, size in ((-3, 2**30), (-1, 2**30)):  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
            library.mallopt(option, size)


def cell(sites: int, values: int, runs: int) -> Figures:
    """All figures for so many sites and values."""
    runs = runs if sites * values < ONCE else 1
    whole = [one_round(sites, values, 0) for _ in range(runs)]
    dropped = [one_round(sites, values, sites // 5) for _ in range(runs)]
    plain = [plain_round(sites, values) for _ in range(runs)]
    flower = [flower_client(sites, values) for _ in range(runs)]

    def median(rounds: Sequence[Mapping[str, float]], name: str) -> float:
        return statistics.median(found[name] for found in rounds)

    return {
        "sites": sites,
        "values": values,
        "site_s": median(whole, "site_s"),
        "server_s": median(whole, "server_s"),
        "server_dropouts_s": median(dropped, "server_s"),
        "bytes_per_site": int(median(whole, "bytes")),
        "plain_site_s": median(plain, "site_s"),
        "plain_server_s": median(plain, "server_s"),
        "plain_bytes_per_site": int(median(plain, "bytes")),
        "flower_client_s": statistics.median(flower),
        "runs": runs,
    }


def main() -> None:
    """Print a table, and one JSON object on the last line where asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.secure_sum",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--sites", type=int, nargs="+", default=list(SITES))
    parser.add_argument("--values", type=int, nargs="+", default=list(VALUE_COUNTS))
    parser.add_argument("--runs", type=int, default=3, help="of cells that are not large")
    options = parser.parse_args()
    os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
    keep_memory()
    cell(2, max(options.values), 1)  # warms up
    cells = [cell(sites, values, options.runs) for values in options.values for sites in options.sites]
    show(
        [
            "sites",
            "values",
            "site s",
            "server s",
            "… a fifth gone",
            "bytes/site",
            "plain site s",
            "plain server s",
            "plain bytes",
            "Flower client s",
        ],
        [
            [
                str(row["sites"]),
                f"{row['values']:,}",
                row["site_s"],
                row["server_s"],
                row["server_dropouts_s"],
                f"{row['bytes_per_site']:,}",
                row["plain_site_s"],
                row["plain_server_s"],
                f"{row['plain_bytes_per_site']:,}",
                row["flower_client_s"],
            ]
            for row in cells
        ],
    )
    largest = max(cells, key=lambda row: (row["sites"] * row["values"], row["sites"]))
    if options.json:
        print(
            result(
                "secure_sum",
                unit="processor seconds of one site",
                ours=largest["site_s"],
                alternative=largest["flower_client_s"],
                ratio=largest["flower_client_s"] / largest["site_s"],
                alternative_name="Flower SecAgg+, one client",
                times_plain_site=largest["site_s"] / largest["plain_site_s"],
                times_plain_bytes=largest["bytes_per_site"] / largest["plain_bytes_per_site"],
                cells=cells,
                settings={"bound": BOUND, "modulus": planned(largest["sites"], 1).modulus, "runs": options.runs},
            )
        )


if __name__ == "__main__":
    main()
