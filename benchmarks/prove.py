"""Every figure that must be shown, at full size: ``make prove``.

A part that is done is kept in ``out/prove/NAME.json`` and not run again; a campaign that was cut off goes on at its
last finished round. The exit code is 0 only if every bar is met.

    python -m benchmarks.prove --only banking-4-seed-7 overhead
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.federation.flower import flwr_run

from benchmarks.deid.rows import MODULES
from benchmarks.measure import show
from fedaug.augmentation.generators.clinical_notes import clinical_notes, write_notes

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (7, 8, 9)
EPSILONS = ("4.0", "inf")
MADE_UP_NOTES = 2_000
LEAST_GAIN = 0.05  # over the student that read no private record, at ε = 4
OVER_BUDGET = 1e-9
LEAST_RECALL, MOST_ALARMS = 0.99, 0.01  # of the contamination gate
HEARD = 0.2  # share of samples that are copies of records

#: Tests whose full counts are shown; `make test` runs them with fewer kills, draws and mutations.
SUITES = {
    "ledger": ("tests/crash", "tests/attacks/test_ledger_attacks.py", "tests/attacks/test_ledger_rollback.py"),
    "mechanisms": ("tests/statistical",),
    "mutations": ("tests/attacks/test_mutations.py", "tests/attacks/test_enrolment_attacks.py"),
    "replays": ("tests/attacks/test_replays.py", "tests/attacks/test_enrolled_consortium.py"),
    "logs": ("tests/attacks/test_log_attacks.py",),
    "secure-sum": (
        "tests/unit/secure_sum",
        "tests/attacks/test_secure_sum_keys.py",
        "tests/attacks/test_secure_sum_order.py",
        "tests/attacks/test_secure_sum_survivors.py",
    ),
    "units": ("tests/unit/client/test_units.py", "tests/unit/client/test_policy.py", "tests/unit/strategies"),
}

Figures = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One thing to show.

    Attributes:
        name: Names its kept file.
        measure: Gives its figures; called with a folder of its own, which an earlier, cut-off call may have left.
        bars: What its figures must meet: bar -> whether they do.
    """

    name: str
    measure: Callable[[Path], Figures]
    bars: Callable[[Figures], dict[str, bool]]


def parts() -> Iterator[Part]:
    """All of them, the quick ones last, since the long ones are what is waited for."""
    for epsilon in EPSILONS:
        for seed in SEEDS:
            yield Part(
                f"banking-{'off' if epsilon == 'inf' else epsilon.removesuffix('.0')}-seed-{seed}",
                lambda work, epsilon=epsilon, seed=seed: campaign(  # type: ignore[misc]  # a lambda's default
                    "banking", work, [f"privacy.epsilon={epsilon}", f"seed={seed}"]
                ),
                noise_off_bars if epsilon == "inf" else budget_bars,
            )
    yield Part("clinic-mts-dialog", lambda work: campaign("clinic", work, []), within_budget)
    yield Part("clinic-made-up", made_up_clinic, within_budget)
    yield Part("flower-banking", through_flower, lambda found: {"completed": found["status"] == "finished:completed"})
    yield Part("both-ways", lambda _: full_tests("tests/federation/test_both_ways.py"), all_passed)
    yield Part("overhead", overhead, lambda found: {"measured": len(found["rows"]) == 3})
    for name, files in SUITES.items():
        yield Part(name, lambda _, files=files: full_tests(*files), all_passed)  # type: ignore[misc]  # as above
    yield Part("epsilon-recomputed", epsilon_recomputed, epsilon_bars)
    yield Part(
        "noise-speed", lambda _: benchmark("noise"), lambda found: {"20 times torch at most": found["ratio"] <= 20}
    )
    yield Part("dp-head-step", lambda _: benchmark("dp_head_step"), lambda found: {"measured": found["ratio"] > 0})
    yield Part("dp-step", lambda _: benchmark("dp_step"), dp_step_bars)
    yield Part("generate", lambda _: benchmark("generate"), lambda found: {"5 times a plain loop": found["ratio"] >= 5})
    yield Part("operators", lambda _: benchmark("operators"), lambda found: {"measured": "ours" in found})
    for number, name in MODULES.items():
        yield Part(f"deid-{name}", lambda _, number=number: deid_row(number), lambda found: found["bars"])  # type: ignore[misc]  # as above
    for name in ("adapters", "audit", "vetting"):
        yield Part(name, lambda _, name=name: facts(name, "bars"), lambda found: found["bars"])  # type: ignore[misc]  # as above
    yield Part("contamination", lambda _: facts("contamination", "kinds", "innocent_refused"), contamination_bars)
    yield Part("collapse", lambda _: facts("collapse", "fired_at"), collapse_bars)
    yield Part("attacks", lambda _: facts("attacks", "least"), attack_bars)
    yield Part("secure-sum-cost", lambda _: benchmark("secure_sum"), lambda found: {"measured": found["ratio"] > 0})
    yield Part("accounting-speed", lambda _: benchmark("accounting"), lambda found: {"measured": found["ratio"] > 0})


# figures


def campaign(example: str, work: Path, settings: Sequence[str], train: Path | None = None, **environ: str) -> Figures:
    """One campaign by ``fedaug simulate``, and what its report says."""
    command = [fedaug(), "simulate", str(ROOT / "examples" / example), "--out", str(work / "run"), "--resume"]
    command += [part for setting in settings for part in ("--set", setting)]
    command += ["--train", str(train)] if train else []
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environ})
    report = json.loads((work / "run" / "report.json").read_text())
    sites = report["privacy"]["sites"].values()
    figures = {name: report["utility"][name] for name in ("student", "epsilon0", "local_only", "nonprivate")}
    return figures | {
        "site_epsilon": max(float(site["epsilon"]) for site in sites),
        "budget": min(float(site["budget"]) for site in sites),
        "seconds": report["timing"]["total_s"],
    }


def made_up_clinic(work: Path) -> Figures:
    """The clinic as on a machine without any data set."""
    none = work / "no-data"
    none.mkdir(parents=True, exist_ok=True)
    notes = work / "notes.jsonl"
    if not notes.exists():
        write_notes(clinical_notes(MADE_UP_NOTES, SEEDS[0], sites=5), notes)
    return campaign("clinic", work, ["simulation.data.search=[]"], notes, FEDAUG_DATA=str(none))


def through_flower(work: Path) -> Figures:
    """The banking example by ``flwr run``."""
    shutil.rmtree(work, ignore_errors=True)  # a run of Flower's cannot go on
    began = time.perf_counter()
    nodes = {"num-supernodes": 10, "client-resources-num-cpus": 1}
    run = flwr_run(ROOT / "examples" / "banking", {"out": str(work / "run")}, nodes, work / "home", limit=3_600)
    found = {"status": run.status, "seconds": time.perf_counter() - began}
    report = work / "run" / "report.json"
    return found | ({"student": json.loads(report.read_text())["utility"]["student"]} if report.exists() else {})


def full_tests(*files: str) -> Figures:
    """Test files at their full counts."""
    command = [sys.executable, "-m", "pytest", "-q", *files]
    environ = {**os.environ, "FEDAUG_FULL": "1"}
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, env=environ)
    outcomes = {kind: int(number) for number, kind in re.findall(r"(\d+) (passed|failed|errors?|skipped)", done.stdout)}
    passed = outcomes.pop("passed", 0)
    return {"passed": passed, "others": sum(outcomes.values())}


def epsilon_recomputed(work: Path) -> Figures:
    """What a site of a campaign spent: by its ledger, and by two accountants in a script that lacks fedaug."""
    campaign("clinic", work, [])
    site, ledger = work / "run" / "sites" / "site-01", work / "ledger.json"
    subprocess.run([fedaug(), "ledger", "export", str(site), str(ledger)], check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, str(ROOT / "tests" / "independent_epsilon.py"), str(ledger)]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {name: float(value) for name, value in (line.split(": ") for line in lines)}


def benchmark(name: str) -> Figures:
    """One benchmark's figures."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {key: value for key, value in found.items() if isinstance(value, (int, float))}


def deid_row(number: int) -> Figures:
    """One row of ``benchmarks.deid``, with the bars that it states itself."""
    command = [sys.executable, "-m", "benchmarks.deid", "--rows", str(number), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    row = json.loads(done.stdout.splitlines()[-1])["rows"][str(number)]
    return {name: row[name] for name in ("unit", "ours", "alternative", "bars")}


def facts(name: str, *more: str) -> Figures:
    """A benchmark's figure, the alternative's, and what else it says that bars go by."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {key: found[key] for key in ("unit", "ours", "alternative", *more)}


def overhead(work: Path) -> Figures:
    """Milliseconds that the transport costs for each client and round."""
    command = [sys.executable, "-m", "benchmarks.simulate_overhead", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def fedaug() -> str:
    """The command that is installed beside this interpreter."""
    return str(Path(sys.executable).parent / "fedaug")


# bars


def within_budget(found: Figures) -> dict[str, bool]:
    """No site spent more than its budget."""
    return {"within budget": float(found["site_epsilon"]) <= float(found["budget"]) + OVER_BUDGET}


def budget_bars(found: Figures) -> dict[str, bool]:
    """At ε = 4 the student gains over one that read no private record."""
    return within_budget(found) | {"gains 5 points": found["student"] - found["epsilon0"] >= LEAST_GAIN}


def all_passed(found: Figures) -> dict[str, bool]:
    """There were tests, and none failed or was skipped."""
    return {"all passed": found["passed"] > 0 and found["others"] == 0}


def epsilon_bars(found: Figures) -> dict[str, bool]:
    """The ledger's ε is what others find."""
    return {
        "dp-accounting agrees to 1e-3": abs(found["ledger"] - found["dp_accounting"]) <= 1e-3,
        "Opacus PRV agrees to 0.02": abs(found["ledger"] - found["opacus_prv"]) <= 0.02,
    }


def dp_step_bars(found: Figures) -> dict[str, bool]:
    """A step of adapters with privacy costs hardly more than one without."""
    return {
        "1.05 times the time at most": found["time_ratio"] <= found["time_bar"],
        "1.15 times the memory at most": found["memory_ratio"] <= found["memory_bar"],
    }


def noise_off_bars(found: Figures) -> dict[str, bool]:
    """Without noise it also beats the median site alone."""
    return {
        "gains 5 points": found["student"] - found["epsilon0"] >= LEAST_GAIN,
        "beats a site": found["student"] > found["local_only"],
    }


def contamination_bars(found: Figures) -> dict[str, bool]:
    """Items whose words stand are found whatever was done to case, punctuation and order; requests next door pass."""
    standing = min(found["kinds"][kind]["recall"] for kind in ("recased", "repunctuated", "reordered"))
    return {
        "finds 99 % where words stand": standing >= LEAST_RECALL,
        "refuses 1 % of another domain at most": found["innocent_refused"]["clinc150"][0] <= MOST_ALARMS,
        "finds more than 13-grams": found["ours"] > found["alternative"],
    }


def collapse_bars(found: Figures) -> dict[str, bool]:
    """The gate fires in every run that replaces, and in none that accumulates."""
    fired = found["fired_at"].values()
    return {
        "fires on replace": all(at is not None for by_regime in fired for at in by_regime["replace"]),
        "not on accumulate": all(at is None for by_regime in fired for at in by_regime["accumulate"]),
    }


def attack_bars(found: Figures) -> dict[str, bool]:
    """Each attack is silent where nothing is copied, and hears a fifth that is; the last one is only a diagnostic."""
    *attacks, _ = found["least"]["whole"].values()
    return {"each attack hears a fifth": all(share is not None and share <= HEARD for share in attacks)}


# keeping and showing


def kept(part: Part, folder: Path) -> Figures:
    """A part's figures: those kept, or else measured now.

    A campaign's figures are kept even if they do not meet their bars; another part that does not is run again.
    """
    path = folder / f"{part.name}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    print(f"{part.name}: running …", file=sys.stderr, flush=True)
    try:
        figures = {**part.measure(folder / part.name), "commit": commit()}
    except subprocess.CalledProcessError as error:
        return {"failed": " ".join(map(str, error.cmd[1:3])), "commit": commit()}
    if all(part.bars(figures).values()) or "epsilon0" in figures:
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(figures))
        partial.replace(path)
    return figures


def verdict(part: Part, figures: Figures) -> dict[str, bool]:
    """Its bars; a part whose command failed meets none."""
    return {"ran": False} if "failed" in figures else part.bars(figures)


def commit() -> str:
    """Which state of the code was measured; empty outside a checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def print_results(all_parts: Sequence[Part], found: Mapping[str, Figures]) -> bool:
    """The tables, and whether every bar is met."""
    verdicts = {part.name: verdict(part, found[part.name]) for part in all_parts}
    header = ["campaign", "student", "epsilon 0", "median site", "central", "gain", "epsilon/site", "s", "verdict"]
    rows = [
        [
            name,
            *(f"{figures[key]:.3f}" for key in ("student", "epsilon0", "local_only", "nonprivate")),
            f"{figures['student'] - figures['epsilon0']:+.3f}",
            f"{float(figures['site_epsilon']):.3f}",
            f"{figures['seconds']:.0f}",
            words(verdicts[name]),
        ]
        for name, figures in found.items()
        if "epsilon0" in figures
    ]
    show(header, rows, sys.stdout)
    print()
    show(["banking, all seeds", *header[1:6]], list(spreads(found)), sys.stdout)
    for name, figures in found.items():
        if "rows" in figures:
            print("\nmilliseconds per client and round, trivial client")
            columns = ["sites", "grid_ms", "ray_ms", "loop_ms", "ray_over_grid"]
            show(columns, [[row[column] for column in columns] for row in figures["rows"]], sys.stdout)
        elif "epsilon0" not in figures:
            facts = ", ".join(f"{key} {value}" for key, value in figures.items() if key != "commit")
            print(f"\n{name}: {facts} ({words(verdicts[name])})")
    states = sorted({str(figures["commit"]) for figures in found.values()})
    print(f"\nmeasured at: {', '.join(states)}")
    unmet = [f"{name}: {bar}" for name, bars in verdicts.items() for bar, met in bars.items() if not met]
    print("every bar is met" if not unmet else "NOT MET: " + "; ".join(unmet))
    return not unmet


def spreads(found: Mapping[str, Figures]) -> Iterator[list[object]]:
    """Mean, least, most and standard deviation over the seeds, for each ε."""
    for prefix in ("banking-4", "banking-off"):
        runs = [figures for name, figures in found.items() if name.startswith(f"{prefix}-seed")]
        if not runs:
            continue
        series = [[run[key] for run in runs] for key in ("student", "epsilon0", "local_only", "nonprivate")]
        series.append([run["student"] - run["epsilon0"] for run in runs])
        deviation = statistics.stdev if len(runs) > 1 else lambda _: math.nan
        for label, of in (("mean", statistics.mean), ("least", min), ("most", max), ("sd", deviation)):
            yield [f"{prefix} {label}", *(f"{of(values):.3f}" for values in series)]


def words(bars: Mapping[str, bool]) -> str:
    """Bars and whether they are met, in words."""
    return ", ".join(bar if met else f"NOT {bar}" for bar, met in bars.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "prove")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these parts: " + " ".join(p.name for p in parts()))
    options = parser.parse_args()
    chosen = [part for part in parts() if not options.only or part.name in options.only]
    if not chosen or len(chosen) < len(options.only or ()):
        parser.error("--only names a part that does not exist")
    options.out.mkdir(parents=True, exist_ok=True)
    found = {part.name: kept(part, options.out) for part in chosen}
    sys.exit(0 if print_results(chosen, found) else 1)


if __name__ == "__main__":
    main()
