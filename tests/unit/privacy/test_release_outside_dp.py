"""Samples outside DP in a release bundle: who let them out is listed by the logs, and every one of them says so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests import independent_bundle_check
from tests.log_samples import HUB, SIGNERS, SITES, plan_digest
from tests.release_samples import (
    AUTHORITY,
    DECIDED,
    GATES,
    NOW,
    TERMS,
    TRUST,
    as_file,
    changed,
    decided,
    decided_statement,
    material,
    provenance,
    release,
    sample,
    statement,
)

from fedaug.errors import BundleRefused, ProtocolError
from fedaug.privacy.bundle.container import LEDGER, LOG, SAMPLES, STATEMENT
from fedaug.privacy.bundle.excerpt import encode_excerpt, excerpt_of
from fedaug.privacy.bundle.gates import gate_facts
from fedaug.privacy.bundle.make import make_release
from fedaug.privacy.bundle.samples import encode_samples
from fedaug.privacy.bundle.verify import ReleaseFindings, verify_release
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.transparency.bundle import read_bundle

DATA = release()
SITE_ONLY = {"gate": "copy", "gate_class": "S", "decides": True}


def check(data: bytes) -> ReleaseFindings:
    return verify_release(data, TRUST, NOW)


def failed(data: bytes) -> dict[str, str]:
    """Check -> what is told of it."""
    return {found.name: found.told for found in check(data).failed}


def deciding(values: dict[str, Any]) -> None:
    values["gates"].append(SITE_ONLY)


def outside(values: dict[str, Any]) -> None:
    deciding(values)
    values["outside_dp"] = ["north"]


def test_where_site_only_gates_decided_no_epsilon_is_stated() -> None:
    """That they may, the plan says, and that they did, the logs: sites signed both, and no maker can change them."""
    gates = replace(provenance(), gates=gate_facts((*GATES, "copy")))
    made = material(statement=decided_statement(*SITES), log=decided("north"), report=None)
    data = make_release(made, TERMS, gates, SIGNERS[HUB])
    assert check(data).manifest.outside_dp == list(SITES)
    for lie in (decided_statement(), decided_statement("south"), decided_statement("north")):
        with pytest.raises(BundleRefused, match="does not have every site's samples outside DP"):
            make_release(replace(made, statement=lie), TERMS, gates, SIGNERS[HUB])
    with pytest.raises(BundleRefused, match="decide what leaves, and none is listed as deciding"):
        make_release(made, TERMS, provenance(), SIGNERS[HUB])
    hidden = changed(data, manifest=lambda values: values.update(outside_dp=[]))
    assert "name different sites" in failed(hidden)["outside DP"]


def test_no_epsilon_is_stated_beside_samples_outside_dp() -> None:
    values = json.loads(decided_statement(*SITES))
    values["privacy_parameters"]["consortium"] = {"epsilon": 0.9, "slack": None}
    made = material(statement=as_file(values), log=decided("north"), report=None)
    with pytest.raises(BundleRefused, match="ε is stated, although samples of a site are outside DP"):
        make_release(made, TERMS, provenance(), SIGNERS[HUB])


def test_where_the_plan_lets_no_site_only_gate_decide_none_is_listed_as_deciding() -> None:
    assert "which the plan does not let them" in failed(changed(DATA, manifest=deciding))["outside DP"]
    assert "which the plan does not let them" in failed(changed(DATA, manifest=outside))["outside DP"]
    said = {STATEMENT: as_file(statement(outside_dp=["north"]))}
    assert failed(changed(DATA, said)).keys() == {"outside DP", "statement"}
    reporting = changed(DATA, manifest=lambda values: values["gates"].append(SITE_ONLY | {"decides": False}))
    assert check(reporting).passed  # it looked on, inside the site


def marked(text: str, *parents: str) -> dict[str, Any]:
    return sample(text, dependence=None, outside_dp=True, parents=list(parents))


PICKED, MADE, FREE = marked("picked by its copies"), sample("made of what was picked"), sample("a word on trains")
CHILD = MADE | {"parents": [PICKED["sample_id"]]}
DECIDING = replace(provenance(), gates=gate_facts((*GATES, "copy")))


def outside_release(*samples: Mapping[str, Any]) -> bytes:
    made = material(
        statement=decided_statement(*SITES), log=decided("north"), report=None, samples=encode_samples(samples)
    )
    return make_release(made, TERMS, DECIDING, SIGNERS[HUB])


def told_apart(data: bytes, folder: Path) -> list[str]:
    """What the script that knows nothing of fedaug says; it looks at today's clock unless told."""
    (folder / "bundle.zip").write_bytes(data)
    now = datetime.fromtimestamp(NOW, UTC)
    return independent_bundle_check.check(folder / "bundle.zip", AUTHORITY.public_bytes_raw().hex(), now=now)


def test_each_sample_says_whether_it_is_outside_dp_and_the_manifest_how_many_are(tmp_path: Path) -> None:
    data = outside_release(PICKED, marked("made of what was picked", PICKED["sample_id"]), FREE)
    findings = check(data)
    assert findings.passed
    assert (findings.manifest.samples, findings.manifest.samples_outside_dp) == (3, 2)
    assert told_apart(data, tmp_path) == []
    assert any("no more samples are outside DP than say so" in text for text in findings.unchecked)
    assert check(DATA).manifest.samples_outside_dp == 0


#: What the maker signs -> the samples, how many the manifest says are outside DP, and what is told of it.
MARKS: dict[str, tuple[Sequence[Mapping[str, Any]], int, str, str]] = {
    "fewer in the manifest": ([PICKED, FREE], 0, "1 of them are outside DP, and the manifest says 0", "disagree"),
    "more in the manifest": ([FREE], 1, "0 of them are outside DP, and the manifest says 1", "disagree"),
    "made of one and silent": ([PICKED, CHILD], 1, "does not say so", "does not say so"),
    "one text both ways": (
        [PICKED, sample(PICKED["text"], label="another")],
        1,
        "does not say so",
        "does not say so",
    ),
}


@pytest.mark.parametrize(("samples", "count", "told", "apart"), MARKS.values(), ids=MARKS.keys())
def test_samples_that_contradict_what_is_signed_of_them_are_told(
    samples: Sequence[Mapping[str, Any]], count: int, told: str, apart: str, tmp_path: Path
) -> None:
    lie = changed(
        outside_release(PICKED),
        {SAMPLES: encode_samples(samples)},
        manifest=lambda values: values.update(samples_outside_dp=count),
    )
    found = failed(lie)
    assert found.keys() == {"samples"}
    assert told in found["samples"]
    [script] = told_apart(lie, tmp_path)
    assert apart in script


def test_no_sample_is_outside_dp_where_no_site_has_let_out_such_a_batch(tmp_path: Path) -> None:
    lie = changed(DATA, {SAMPLES: encode_samples([PICKED])})
    assert "no site is said to have let any out" in failed(lie)["samples"]
    assert told_apart(lie, tmp_path) == ["manifest and samples disagree on which are outside DP"]
    with pytest.raises(BundleRefused, match="no site is said to have let any out"):
        release(samples=encode_samples([PICKED]))


@pytest.mark.parametrize(
    "fields", [{"dependence": "dp"}, {"outside_dp": False}, {"outside_dp": 1}, {"outside_dp": None}]
)
def test_what_a_sample_outside_dp_depends_on_has_no_name(fields: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="cannot be released"):
        encode_samples([PICKED | fields])
    lie = changed(outside_release(PICKED), {SAMPLES: canonical_json(PICKED | fields) + b"\n"})
    assert "line 1: it is no sample" in failed(lie)["samples"]
    assert told_apart(lie, tmp_path)


def test_a_sample_that_does_not_say_it_is_no_sample() -> None:
    silent = {name: value for name, value in FREE.items() if name != "outside_dp"}
    assert "line 1: it is no sample" in failed(changed(DATA, {SAMPLES: canonical_json(silent) + b"\n"}))["samples"]


def test_an_epsilon_is_not_bought_by_cutting_the_log_short_of_the_batch(tmp_path: Path) -> None:
    """A coordinator keeps the head that a site signed before it let the batch out, and shows no more of its log."""
    honest = outside_release(PICKED)
    hidden = {
        STATEMENT: decided_statement(),
        LOG: decided(),
        LEDGER: encode_excerpt(excerpt_of(read_bundle(decided()), "autumn", plan_digest(DECIDED))),
        SAMPLES: encode_samples([sample(PICKED["text"])]),
    }
    lie = changed(honest, hidden, manifest=lambda values: values.update(outside_dp=[]))
    assert failed(lie) == {
        "outside DP": "the plan lets gates of class S decide, and the statement does not have every site's samples "
        "outside DP"
    }
    assert told_apart(lie, tmp_path) == [
        "the plan lets gates that read records decide, and the statement does not name every site for that"
    ]
