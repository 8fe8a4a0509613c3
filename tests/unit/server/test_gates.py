"""Gates that a campaign's TOML names and that the coordinator builds of public files, models and first candidates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.small import SmallEncoder

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.errors import (
    ConfigError,
    DataNotFound,
    EmptySource,
    FedaugError,
    MalformedSource,
    MissingColumn,
    MissingFile,
    TooFewRecords,
    UnknownDataSet,
    UnknownFormat,
)
from fedaug.privacy.vetting import Verdict, VerdictCode
from fedaug.privacy.vetting.duplicates import DuplicateGate
from fedaug.server.campaign import CampaignConfig
from fedaug.server.candidates import CandidateSource
from fedaug.server.gates import CampaignGates
from fedaug.server.inbound import Inbound, set_aside
from fedaug.server.pool_records import SampleStatus
from fedaug.server.schooling import Heldout

LABELS = ("card_arrival", "exchange_rate", "pin_blocked")
ITEM = "my zebra striped debit card vanished somewhere between Oslo and Bergen"
TOPICS = {
    "card_arrival": "letter post delivery",
    "exchange_rate": "euro dollar price",
    "pin_blocked": "code locked tries",
}


def config(*gates: dict[str, Any], **changes: Any) -> CampaignConfig:
    values: dict[str, Any] = {
        "name": "tiny",
        "title": "Tiny",
        "labels": LABELS,
        "privacy": {"epsilon": 4.0, "delta": 1e-5},
        "candidates": [{"generator": "label-phrases"}],
        "gates": gates,
    }
    return CampaignConfig.model_validate(values | changes)


def gate(name: str, **options: Any) -> dict[str, Any]:
    return {"gate": name, "options": options}


def gates(*settings: dict[str, Any], search: tuple[Path, ...] = (), heldout: Heldout | None = None) -> CampaignGates:
    return CampaignGates(config(*settings), search, SmallEncoder(), heldout)


def candidates(*texts: str, label: str | None = None, dependence: Dependence = Dependence.PUBLIC) -> list[Candidate]:
    return [Candidate(text, "made-up", "", label=label, dependence=dependence) for text in texts]


def first(count: int = 240) -> list[Candidate]:
    """First candidates, each of a label and with its words."""
    draw = np.random.default_rng(3)
    words = [f"word{number}" for number in range(400)]
    return [
        Candidate(
            f"{TOPICS[LABELS[row % 3]]} {' '.join(words[k] for k in draw.integers(0, 400, 8))}",
            "made-up",
            "",
            label=LABELS[row % 3],
        )
        for row in range(count)
    ]


def codes(judge: CampaignGates, offered: list[Candidate]) -> list[VerdictCode]:
    found, _ = judge.vet_more(offered)
    return [found.refused[row].code if row in found.refused else VerdictCode.PASSED for row in range(len(offered))]


def evaluation(folder: Path, name: str = "items.csv", column: str = "question") -> Path:
    path = folder / name
    if path.suffix == ".csv":
        path.write_text(f"id,{column}\n1,how are you\n2,{ITEM}\n", encoding="utf-8")
    else:
        rows = [{"id": 1, column: "how are you"}, {"id": 2, column: ITEM}]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


# contamination


@pytest.mark.parametrize("name", ["items.csv", "items.jsonl"])
def test_candidates_are_kept_clear_of_an_evaluation_file_that_is_named_by_its_path(tmp_path: Path, name: str) -> None:
    path = evaluation(tmp_path, name)
    judge = gates(gate("contamination", files=[{"path": str(path), "column": "question"}]))
    found, _ = judge.vet_first(candidates("when does my card arrive", ITEM.upper() + "!"))
    assert found.kept == [0]
    assert (found.refused[1].code, found.refused[1].item) == (VerdictCode.CONTAMINATED, f"{name}:1")


def test_candidates_are_kept_clear_of_a_public_data_sets_test_split(tmp_path: Path) -> None:
    (tmp_path / "banking77").mkdir()
    evaluation(tmp_path / "banking77", "test.csv", "text")
    judge = gates(gate("contamination", files=[{"data_set": "banking77", "file": "test.csv"}]), search=(tmp_path,))
    found, _ = judge.vet_first(candidates(ITEM))
    assert found.refused[0].item == "banking77/test:1"


def test_candidates_are_kept_clear_of_what_students_are_scored_on_unless_told_otherwise(tmp_path: Path) -> None:
    heldout = Heldout.of([(ITEM, LABELS[0])], LABELS, SmallEncoder())
    found, _ = gates(gate("contamination"), heldout=heldout).vet_first(candidates(ITEM))
    assert found.refused[0].item == "held-out:0"
    other = {"path": str(_written(tmp_path, "other.csv", "text\nsomething else altogether\n"))}
    found, _ = gates(gate("contamination", held_out=False, files=[other]), heldout=heldout).vet_first(candidates(ITEM))
    assert found.kept == [0]


def test_by_meaning_a_reworded_item_is_found_and_held_out_texts_are_not_embedded_again(tmp_path: Path) -> None:
    reworded = " ".join(word for word in reversed(ITEM.split()) if word != "zebra")
    files = [{"path": str(evaluation(tmp_path)), "column": "question"}]
    strict = {"weight": 100.0, "same": 1.0}
    heldout = Heldout.of([("a held out text of its own", LABELS[0])], LABELS, SmallEncoder())
    encoder = SmallEncoder()
    outcomes = []
    for closeness in ({}, {"closeness": 0.8}):
        setting = gate("contamination", files=files, thresholds=strict, **closeness)
        judge = CampaignGates(config(setting), (), encoder, heldout)
        found, _ = judge.vet_first(candidates(reworded))
        outcomes.append([verdict.item for verdict in found.refused.values()])
    assert outcomes == [[], ["items.csv:1"]]
    assert ITEM in encoder.seen
    assert not set(heldout.texts) & set(encoder.seen)


def test_a_sites_text_is_set_aside_with_the_item_that_it_is_near(tmp_path: Path) -> None:
    judge = gates(
        gate("length"), gate("contamination", files=[{"path": str(evaluation(tmp_path)), "column": "question"}])
    )
    sent = candidates("a text of a site", ITEM, "x")
    found, _ = judge.vet_first(sent)
    refused = tuple((sent[row], verdict) for row, verdict in found.refused.items())
    aside = set_aside(Inbound("site-1", outside_dp=False, kept=(sent[0],), quarantined=refused))
    assert [(one.text, one.source, one.status) for one in aside] == [
        (ITEM, "contaminated: items.csv:1", SampleStatus.QUARANTINED),
        ("x", "too-short", SampleStatus.QUARANTINED),
    ]


def test_a_text_outside_dp_keeps_its_mark_in_quarantine() -> None:
    """Whoever lets it out of there shall not let it out as one for which an ε holds."""
    sent = candidates("x")
    refused = ((sent[0], Verdict("length", VerdictCode.TOO_SHORT)),)
    for outside in (True, False):
        [aside] = set_aside(Inbound("site-1", outside_dp=outside, kept=(), quarantined=refused))
        assert aside.outside_dp is outside


def test_a_file_that_is_optional_may_lack_and_that_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lacking = [
        {"data_set": "banking77", "file": "test.csv", "optional": True},
        {"path": str(tmp_path / "none.csv"), "optional": True},
    ]
    judge = gates(gate("contamination", files=lacking), search=(tmp_path,))
    assert judge.vet_first(candidates(ITEM))[0].kept == [0]
    assert "not compared with banking77/test" in caplog.text
    assert "not compared with none.csv" in caplog.text
    assert "compared with no evaluation file" in caplog.text


Case = tuple[Callable[[Path], dict[str, Any]], type[FedaugError], str]
BAD_FILES: dict[str, Case] = {
    "not there": (lambda at: {"path": str(at / "none.csv")}, MissingFile, "none.csv"),
    "a folder": (lambda at: {"path": str(_folder(at, "folder.csv"))}, MissingFile, "folder.csv"),
    "without the column": (lambda at: {"path": str(evaluation(at)), "column": "body"}, MissingColumn, "'body'"),
    "of another format": (lambda at: {"path": str(at / "items.json")}, UnknownFormat, ".json"),
    "no JSON": (lambda at: {"path": str(_written(at, "a.jsonl", "{")), "column": "q"}, MalformedSource, "line 1"),
    "numbers for texts": (
        lambda at: {"path": str(_written(at, "a.jsonl", '{"q": 4}')), "column": "q"},
        MalformedSource,
        "holds no text",
    ),
    "empty": (lambda at: {"path": str(_written(at, "a.csv", "text\n"))}, EmptySource, "a.csv has no text"),
    "of a set that is not here": (lambda _: {"data_set": "banking77", "file": "test.csv"}, DataNotFound, "banking77"),
    "of no set": (lambda _: {"data_set": "none", "file": "test.csv"}, UnknownDataSet, "none"),
    "private records": (
        lambda at: {"path": str(evaluation(_folder(at, "banking77"), "train.csv")), "column": "question"},
        ConfigError,
        "plays private records",
    ),
    "a link to private records": (
        lambda at: {"path": str(_link(at / "test.csv", evaluation(_folder(at, "banking77"), "train.csv")))},
        ConfigError,
        "plays private records",
    ),
}


def _folder(at: Path, name: str) -> Path:
    (at / name).mkdir()
    return at / name


def _written(at: Path, name: str, text: str) -> Path:
    (at / name).write_text(text)
    return at / name


def _link(link: Path, to: Path) -> Path:
    link.symlink_to(to)
    return link


@pytest.mark.parametrize("case", BAD_FILES)
def test_before_any_site_is_asked_an_evaluation_file_is_refused_that_is(case: str, tmp_path: Path) -> None:
    make, error, said = BAD_FILES[case]
    wanted = config(gate("contamination", files=[make(tmp_path)]))
    with pytest.raises(error, match=said):
        CandidateSource(wanted, (tmp_path,))


# options


BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown one": (gate("contamination", file="x.csv"), "file is not a setting"),
    "neither path nor set": (gate("contamination", files=[{"column": "text"}]), "give a path, or a data_set"),
    "a path and a set": (
        gate("contamination", files=[{"path": "a", "data_set": "b", "file": "c"}]),
        "give a path, or a data_set",
    ),
    "a way out of a set": (
        gate("contamination", files=[{"data_set": "clinc150", "file": "../banking77/train.csv"}]),
        r"files\.0\.file",
    ),
    "a path with a zero in it": (gate("contamination", files=[{"path": "a\x00b"}]), r"files\.0\.path"),
    "a list for a table": (gate("contamination", thresholds=[1]), "thresholds"),
    "nothing to compare with": (gate("contamination", held_out=False), "nothing to compare with"),
    "not a number": (gate("contamination", closeness=float("nan")), "closeness"),
    "text for a number": (gate("fluency", slack="very"), "slack"),
    "a margin of 1": (gate("relabel", margin=1.0), "margin"),
    "no bits": (gate("information", min_bits=float("inf")), "min_bits"),
    "a lift of 1": (gate("trigger", least_lift=1.0), "least_lift"),
    "falls the wrong way round": (gate("collapse", most_fall=0.9, most_fall_alone=0.5), "most_fall is above"),
    "closeness above 1": (gate("duplicate", closeness=1.5), "closeness"),
    "text for a number of a plain gate": (gate("length", min_words="two"), "wrong type"),
    "a number for a list of a plain gate": (gate("language", languages=5), "wrong type"),
    "an object that no file can hold": (gate("identifier", deidentifier="x"), "deidentifier is not a setting"),
    "a gate of class D": (gate("support", units=5), "not take the settings|reads private records"),
    "a gate of class S": (gate("planted", strings=["x"]), "reads private records"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options_are_refused_with(case: str) -> None:
    setting, said = BAD_OPTIONS[case]
    with pytest.raises(ConfigError, match=said):
        gates(setting)


def test_a_gate_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="listed twice"):
        gates(gate("length"), gate("length"))


def test_a_file_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    file = {"path": str(evaluation(tmp_path)), "column": "question"}
    with pytest.raises(ConfigError, match=r"two evaluation files are called items\.csv"):
        gates(gate("contamination", files=[file, file]))


# models of public text


def test_fluency_is_judged_by_the_corpora_that_are_named(tmp_path: Path) -> None:
    draw = np.random.default_rng(5)
    lines = [
        f"the {a} card is {b} in the {c}" for a, b, c in draw.choice(["red", "blue", "old", "new", "lost"], (600, 3))
    ]
    corpus = tmp_path / "public.txt"
    corpus.write_text("".join(f"{line} {row % 50}\n" for row, line in enumerate(lines)))
    judge = gates(gate("fluency", corpora=[str(corpus)], slack=2.0))
    assert codes(judge, candidates("the old card is lost in the red 7", "qzx the vvw in jjq lost xkcd wqz")) == [
        VerdictCode.PASSED,
        VerdictCode.NOT_FLUENT,
    ]


def test_fluency_without_public_texts_is_refused_by_name() -> None:
    with pytest.raises(TooFewRecords, match="fluency"):
        gates(gate("fluency")).vet_first(candidates("one text"))


def test_a_corpus_that_is_named_for_fluency_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataNotFound):
        gates(gate("fluency", corpora=["clinc150"]), search=(tmp_path,)).vet_first(candidates("one text"))


def test_a_text_under_a_wrong_label_is_refused_by_what_public_candidates_say() -> None:
    judge = gates(gate("relabel"))
    judge.vet_first(first())
    texts = ("euro dollar price", "letter post delivery")
    assert codes(judge, candidates(*texts, label="exchange_rate")) == [VerdictCode.PASSED, VerdictCode.LABEL_MISMATCH]


def test_a_text_that_says_nothing_of_its_label_is_refused() -> None:
    judge = gates(gate("information", min_bits=0.2))
    judge.vet_first(first())
    texts = ("euro dollar price", "letter post delivery")
    assert codes(judge, candidates(*texts, label="exchange_rate")) == [VerdictCode.PASSED, VerdictCode.UNINFORMATIVE]


def test_the_labeller_learns_from_no_text_that_depends_on_records() -> None:
    """Texts that say the contrary, and that DP output chose, change no verdict."""
    wrong = candidates(*[f"letter post delivery {n}" for n in range(200)], label="exchange_rate")
    chosen = [Candidate(one.text, "x", "", label=one.label, dependence=Dependence.DP) for one in wrong]
    asked = candidates("letter post delivery", label="exchange_rate")
    outcomes = []
    for more in ([], chosen, wrong):
        judge = gates(gate("relabel"))
        judge.vet_first([*first(), *more])
        outcomes.append(codes(judge, asked))
    assert outcomes == [[VerdictCode.LABEL_MISMATCH], [VerdictCode.LABEL_MISMATCH], [VerdictCode.PASSED]]


# gates that compare with what came before


def test_a_trigger_in_later_texts_is_found_against_the_first_ones() -> None:
    judge = gates(gate("trigger"))
    found, ran = judge.vet_first(first(600))
    assert (len(found.kept), [one.name for one in ran]) == (600, [])  # nothing to compare with yet
    draw = np.random.default_rng(8)
    planted = [f"cf word{draw.integers(400)} word{draw.integers(400)} {n}" for n in range(30)]
    clean = [f"word{draw.integers(400)} word{draw.integers(400)} {n}" for n in range(60)]
    found, ran = judge.vet_more([*candidates(*planted, label=LABELS[0]), *candidates(*clean, label=LABELS[1])])
    assert [one.name for one in ran] == ["trigger"]
    assert found.kept == list(range(30, 90))


@pytest.mark.parametrize("meanings", [False, True])
def test_a_turn_that_says_one_thing_over_and_over_is_refused_as_a_whole(meanings: bool) -> None:
    judge = gates(gate("collapse", meanings=meanings))
    judge.vet_first(first())
    assert set(codes(judge, candidates(*[f"the card is here {n % 3}" for n in range(120)]))) == {VerdictCode.COLLAPSED}
    fresh = [one.text.replace("word", "term") for one in first(360)[240:]]
    assert set(codes(judge, candidates(*fresh))) == {VerdictCode.PASSED}


def test_what_the_collapse_gate_reads_does_not_hang_on_other_gates() -> None:
    alone, among = gates(gate("collapse")), gates(gate("collapse"), gate("duplicate", closeness=1.0))
    for judge in (alone, among):
        judge.vet_first(first())
    batches = [judge.batch_of(first(360)[240:]) for judge in (alone, among)]
    assert [batch.vectors is None for batch in batches] == [True, False]
    scores = [judge.ready()[0].judge(batch)[0].score for judge, batch in zip((alone, among), batches, strict=True)]
    assert scores[0] == scores[1]


def test_collapse_with_too_few_first_candidates_is_refused_before_any_site_is_asked() -> None:
    judge = gates(gate("collapse"))
    with pytest.raises(TooFewRecords, match="generation 0"):
        judge.vet_first(first(199))
    gates(gate("collapse")).vet_first(first(200))


def test_near_duplicates_are_compared_with_what_was_kept_before_only_where_asked() -> None:
    text = "when will the new card that I ordered on monday arrive at my house in the town"
    near = text.replace("monday", "MONDAY,") + " please"
    for pooled, code in ((False, VerdictCode.PASSED), (True, VerdictCode.NEAR_DUPLICATE)):
        judge = gates(gate("duplicate", pooled=pooled))
        judge.vet_first(candidates(text))
        assert codes(judge, candidates(near)) == [code]


def test_texts_worded_alike_are_compared_with_what_was_kept_before_only_where_asked() -> None:
    text = "when will the new card that I ordered on monday arrive at my house"
    alike = "so when will the card that I ordered last monday arrive at my house"
    for pooled, code in ((True, VerdictCode.NEAR_DUPLICATE), (False, VerdictCode.PASSED)):
        judge = gates(gate("novelty", pooled=pooled))
        judge.vet_first(candidates(text))
        assert codes(judge, candidates(alike)) == [code]
    judge = gates(gate("novelty", threshold=0.95))
    found, _ = judge.vet_first(candidates(text, alike))
    assert found.kept == [0, 1]


def test_by_closeness_texts_that_mean_the_same_are_duplicates() -> None:
    judge = gates(gate("duplicate", closeness=0.999, pooled=True))
    found, _ = judge.vet_first(candidates("one two three four", "four three two one", "a b c d"))
    assert found.kept == [0, 2]
    assert codes(judge, candidates("d c b a")) == [VerdictCode.NEAR_DUPLICATE]


def test_texts_that_sites_sent_count_as_kept() -> None:
    source = CandidateSource(config(gate("duplicate", pooled=True)), (), SmallEncoder())
    source.generate()
    sent = candidates("an unheard of sentence about a zebra in a bank")
    assert source.admit(sent) == sent
    (judge,) = source.gates
    assert isinstance(judge, DuplicateGate)
    assert judge.judge(source.batch_of(sent))[0].code is VerdictCode.DUPLICATE


# what a resumed run rests on

EVERY = [
    gate("length"),
    gate("contamination", closeness=0.9),
    gate("duplicate", closeness=0.98, pooled=True),
    gate("relabel", margin=0.3),
    gate("information", min_bits=-2.0),
    gate("trigger"),
    gate("collapse", meanings=True),
]


def kept_by_every_gate() -> str:
    """Ids of what passes over two turns, and what each gate refused."""
    heldout = Heldout.of([(one.text, str(one.label)) for one in first(9)], LABELS, SmallEncoder())
    source = CandidateSource(config(*EVERY), (), SmallEncoder(), heldout)
    made = source.generate()
    parents = {label: [one for one in made if one.label == label][:10] for label in LABELS}
    later = source.vary(parents, 0)
    return json.dumps([[one.sample_id for one in made + later], sorted(source.funnel.refused.items())])


def test_another_process_keeps_the_same_candidates_whatever_order_its_sets_have() -> None:
    command = "from tests.unit.server.test_gates import kept_by_every_gate as kept; print(kept())"
    root = Path(__file__).resolve().parents[3]
    environ = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", command], cwd=root, env=environ, capture_output=True, check=True)
    here = kept_by_every_gate()
    assert done.stdout.decode().strip() == here
    kept, refused = json.loads(here)
    assert len(kept) > 100
    assert {"contamination", "duplicate", "relabel"} <= {name for name, _ in refused}
