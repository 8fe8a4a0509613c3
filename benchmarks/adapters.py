"""DP adaptation of the embedded model at one site that holds all of an example's records: time, ε, texts, and an audit.

    python -m benchmarks.adapters --json
    python -m benchmarks.adapters --only clinic --canaries 0

The way is a site's own: records are de-identified and sealed, the charge is reserved, training seals its state after
each step, and texts are sampled by the site. The plan asks for the adaptation alone, at the example's ε. That ε is
worked out again by accountants that share no code with fedaug: Opacus' and dp-accounting's. The audit runs the
example's whole campaign at a virtual site of canaries, once as it is and once with all noise off.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import dp_accounting
import torch
from dp_accounting.pld import PLDAccountant
from opacus.accountants import PRVAccountant, RDPAccountant
from tests.unsafe_noise import UnsafeNoise

from benchmarks.measure import result, show
from fedaug.augmentation.generators.language_model import LanguageModelTexts, label_request
from fedaug.augmentation.language.loading import load_language_model, put_adapter
from fedaug.augmentation.language.model import LanguageModel
from fedaug.client.records import Record
from fedaug.client.site import Site
from fedaug.client.training.adaptation_plan import planned_adaptation
from fedaug.client.training.passages import Passage, encode_units
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import SubsampledGaussianEvent
from fedaug.server.campaign import plan_campaign
from fedaug.simulation.audit import audit_campaign, canaries_for
from fedaug.simulation.audit.adapted import losses
from fedaug.simulation.audit.run import OF_ADAPTER
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.run import Encoders
from fedaug.simulation.sites import VirtualSites
from fedaug.strategies.messages import CampaignPlan, Outcome

ROOT: Final = Path(__file__).resolve().parents[1]
EXAMPLES: Final = ("clinic", "banking")
#: Minutes that an adaptation may take on two cores.
MOST_MINUTES: Final = 15.0
#: How far another accountant's ε may lie above ours: a bound by moments is looser than one by privacy losses.
LOOSER: Final = 1.25
SHOWN: Final = 6  # labels of which texts are shown, two each
Figures = dict[str, Any]


class Quiet:
    """Says what goes on, on one line."""

    def phase(self, name: str) -> None:
        print(f"  {name}", file=sys.stderr)

    def step(self, done: int, total: int) -> None:
        if total >= SHOWN and done % max(1, total // SHOWN) == 0:
            print(f"    {done} of {total}", file=sys.stderr)


def one_site(name: str, model: str, steps: int) -> Example:
    """An example with all of its records at one site, and the batch that its settings hope for of so many."""
    example = Example.load(ROOT / "examples" / f"{name}-adapters", {"adaptation.model": model, "minimum_sites": 1})
    sites = example.simulation.sites.count
    hoped = example.campaign.adaptation
    assert hoped is not None
    more = {"adaptation.expected_batch": sites * hoped.expected_batch, "adaptation.steps": steps}
    settings = {"adaptation.model": model, "minimum_sites": 1, "simulation.sites.count": 1}
    return Example.load(ROOT / "examples" / f"{name}-adapters", settings | more)


def adapted(name: str, model: str, steps: int, work: Path, encoders: Encoders) -> Figures:
    """One adaptation, and what came of it."""
    example = one_site(name, model, steps)
    rows = read_rows(example, work)
    whole = plan_campaign(example.campaign, encoders.plain.name, encoders.plain.dimensions)
    plan = alone(example, whole)
    with ExitStack() as stack:
        sites = VirtualSites(example, work / "sites", lambda: encoders.plain, told=Quiet().step)
        stack.callback(sites.close)
        site = sites.prepare(0, lambda: rows.train)
        began, used = time.perf_counter(), time.process_time()
        if site.join(plan) is not Outcome.OK:
            raise SystemExit("the site refuses the plan")
        site.adapt(plan.campaign)
        seconds, processor = time.perf_counter() - began, time.process_time() - used
        figures = {"records": len(rows.train), "steps": steps, "seconds": seconds, "processor_seconds": processor}
        return figures | accounted(plan) | before_and_after(site, plan, model, rows.heldout)


def alone(example: Example, plan: CampaignPlan) -> CampaignPlan:
    """The plan with nothing but the adaptation, which gets all of its ε."""
    assert plan.adaptation is not None
    whole = {"noise_multiplier": None, "epsilon": example.campaign.privacy.epsilon, "delta": plan.delta}
    charged = planned_adaptation(plan).model_copy(update=whole).planned_event(plan.adapter_event.dimensions)
    return plan.model_copy(update={"events": (charged.as_dict(),)})


def accounted(plan: CampaignPlan) -> Figures:
    """ε of the event by four accountants."""
    event, delta = plan.adapter_event, plan.delta
    found = {"fedaug": epsilon([event], delta)} | others(event, delta)
    return {"epsilon": found, "noise_multiplier": event.noise_multiplier, "weights": event.dimensions}


def others(event: SubsampledGaussianEvent, delta: float) -> dict[str, float]:
    """ε by Opacus' accountants and dp-accounting's, of a Poisson-sampled Gaussian mechanism."""
    step = (event.noise_multiplier, event.sampling_rate, event.steps)
    found = {}
    for name, accountant in (("Opacus RDP", RDPAccountant()), ("Opacus PRV", PRVAccountant())):
        accountant.history.append(step)
        found[name] = float(accountant.get_epsilon(delta))
    sampled = dp_accounting.PoissonSampledDpEvent(
        event.sampling_rate, dp_accounting.GaussianDpEvent(event.noise_multiplier)
    )
    losses_of = PLDAccountant().compose(sampled, event.steps)
    found["dp-accounting PLD"] = float(losses_of.get_epsilon(delta))
    return found


def before_and_after(site: Site, plan: CampaignPlan, model: str, heldout: Sequence[Record]) -> Figures:
    """Perplexity of held-out texts behind their labels' control words, and samples."""
    loaded = load_language_model(model)
    before = {"perplexity": perplexity(loaded, plan, heldout), "samples": samples(loaded, plan)}
    kept = site.adapter(plan.campaign)
    put_adapter(loaded, kept.state, kept.spec)
    after = {"perplexity": perplexity(loaded, plan, heldout), "samples": samples(loaded, plan)}
    return {"before": before, "after": after, "heldout": len(heldout)}


def perplexity(model: LanguageModel, plan: CampaignPlan, records: Sequence[Record]) -> float:
    """Of a word piece or end of text."""
    terms = plan.adaptation
    assert terms is not None
    requests = {label: label_request(model, label, terms.domain, terms.form) for label in plan.labels}
    units = [(Passage(one.text, requests[str(one.label)]),) for one in records]
    rows = [row for (row,) in encode_units(model, units, planned_adaptation(plan))]
    return math.exp(float(losses(model, rows).sum()) / sum(row.targets for row in rows))


def samples(model: LanguageModel, plan: CampaignPlan) -> dict[str, list[str]]:
    """Unedited, and the first that came."""
    terms = plan.adaptation
    assert terms is not None
    labels = plan.labels[:: max(1, len(plan.labels) // SHOWN)][:SHOWN]
    writer = LanguageModelTexts(
        model,
        per_label=2,
        domain=terms.domain,
        form=terms.form,
        temperature=terms.temperature,
        top_p=terms.top_p,
        max_tokens=terms.text_tokens,
    )
    found: dict[str, list[str]] = {label: [] for label in labels}
    for one in writer.generate(labels, seed=7):
        found[str(one.label)].append(one.text)
    return found


def audited(name: str, model: str, canaries: int, steps: int, work: Path, encoders: Encoders) -> list[Figures]:
    """The example's campaign at a site of canaries: as it is, and with all noise off."""
    settings = {"adaptation.model": model, "adaptation.steps": steps}
    example = Example.load(ROOT / "examples" / f"{name}-adapters", settings)
    texts = canaries_for(example, canaries)
    found = []
    for run, noise in (("true", None), ("noise off", UnsafeNoise(silent=True))):
        outcome = audit_campaign(
            example,
            work / run,
            texts,
            public=encoders.public,
            plain=encoders.plain,
            narrator=Quiet(),
            noise=None if noise is None else lambda _, noise=noise: noise,  # type: ignore[misc]  # a lambda's default
        )
        (own,) = (each for each in outcome.sites if each.endswith(OF_ADAPTER))
        site, details = outcome.sites[own], outcome.details[own]
        found.append(
            {
                "run": run,
                "claimed": site.claimed_epsilon,
                "lower_bounds": {f"{100 * bound.confidence:g} %": bound.lower_bound for bound in details.bounds},
                "ceiling": site.ceiling,
                "correct": site.correct,
                "guesses": site.guesses,
                "noise_heard": details.noise[0].heard / details.noise[0].planned if details.noise else None,
                "caught": [failure for failure in outcome.failures() if own in failure],
                "passed": outcome.passed,
            }
        )
        print(f"audit, {run}: {json.dumps(found[-1], ensure_ascii=False)}", file=sys.stderr)
    return found


def bars(found: Figures) -> dict[str, bool]:
    """What has to be shown of one campaign."""
    spent, planned = found["epsilon"], found["stated"]
    met = {
        f"under {MOST_MINUTES:g} minutes": found["seconds"] < 60 * MOST_MINUTES,
        "within the stated ε": spent["fedaug"] <= planned,
        "other accountants agree": all(0.99 * spent["fedaug"] <= e <= LOOSER * spent["fedaug"] for e in spent.values())
        and all(spent[name] <= 1.01 * spent["fedaug"] for name in ("Opacus PRV", "dp-accounting PLD")),
        "held-out texts are better predicted": found["after"]["perplexity"] < found["before"]["perplexity"],
    }
    for run in found.get("audit", []):
        if run["run"] == "true":
            met["the audit stays below the claim"] = run["passed"]
        else:
            met["the audit catches the run without noise"] = bool(run["caught"])
    return met


def tell(name: str, found: Figures) -> None:
    """Tables and texts, for people."""
    print(
        f"\n{name}: {found['records']:,} records, {found['steps']} steps, {found['weights']:,} weights", file=sys.stderr
    )
    rows = [[who, value] for who, value in found["epsilon"].items()]
    show(["epsilon by", "at the stated delta"], rows)
    line = [found[when]["perplexity"] for when in ("before", "after")]
    minutes = [found["seconds"] / 60, found["processor_seconds"] / 60]
    show(["minutes", "processor minutes", "perplexity before", "after"], [[*minutes, *line]])
    for when in ("before", "after"):
        print(f"samples {when}:", file=sys.stderr)
        for label, texts in found[when]["samples"].items():
            for text in texts:
                print(f"  {label}: {text}", file=sys.stderr)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line (always done)")
    parser.add_argument("--only", nargs="+", choices=EXAMPLES, default=EXAMPLES)
    parser.add_argument("--model", default="embedded", help="the base, or a folder")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--canaries", type=int, default=1_000, help="of the audit; 0 for none")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    encoders, found = Encoders.open(), {}
    for name in args.only:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            print(f"{name}: adapt", file=sys.stderr)
            figures = adapted(name, args.model, args.steps, work, encoders)
            stated = Example.load(ROOT / "examples" / f"{name}-adapters").campaign.privacy.epsilon
            figures |= {"stated": stated}
            tell(name, figures)
            if args.canaries:
                print(f"{name}: audit", file=sys.stderr)
                figures["audit"] = audited(name, args.model, args.canaries, args.steps, work / "audit", encoders)
            figures["bars"] = bars(figures)
            show(["bar", "met"], [[bar, met] for bar, met in figures["bars"].items()])
            found[name] = figures
    seconds = max(figures["seconds"] for figures in found.values())
    settings = {"model": args.model, "steps": args.steps, "canaries": args.canaries, "threads": args.threads}
    line = result(
        "adapters",
        unit="seconds of an adaptation, the slowest; the alternative is what is allowed",
        ours=seconds,
        alternative=60 * MOST_MINUTES,
        ratio=60 * MOST_MINUTES / seconds,
        bars={f"{name}: {bar}": met for name, figures in found.items() for bar, met in figures["bars"].items()},
        campaigns=found,
        settings=settings,
    )
    print(line)


if __name__ == "__main__":
    main()
