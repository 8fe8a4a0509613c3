"""Texts that a site offers: from listed generators only, never private, and by default never decided by class S."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.offering import PLANTED, SECRET, makes, offer_plan, offering_site
from tests.small import event, make_plan, make_site, some_rows

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.client import offers, site_gates
from fedaug.client.settings import SiteSettings
from fedaug.client.site import Site
from fedaug.client.used_surrogates import UsedSurrogates
from fedaug.errors import ConfigError, FedaugError, PolicyRefused, PrivateOutput, ProtocolError, UnknownPlugin
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.events import ReleaseKind
from fedaug.privacy.transparency.entries import Offered, read_site_entry
from fedaug.privacy.vetting import VerdictCode
from fedaug.privacy.vetting.copies import CopyGate
from fedaug.strategies.messages import AskSamples, Outcome, SampleBatch, SampleOffer, Status, decode_reply, encode
from fedaug.strategies.samples import sample_batch

ASK = encode(AskSamples(campaign="autumn", key="samples"))
CLEAN = tuple(
    f"a text about matter number {word} that nobody holds" for word in ("one", "two", "three", "four", "five")
)
COPY = f"they say that {SECRET} once more"
PLANT = f"the badge of {PLANTED.lower().replace('-', ' ')} is here"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = offering_site(tmp_path / "st-mary")
    yield made
    made.close()


def reply(site: Site, request: bytes = ASK) -> SampleBatch | Outcome:
    message, _ = decode_reply(open_envelope(site.handle(request), None)[1])
    assert isinstance(message, SampleBatch | Status)
    return message.status if isinstance(message, Status) else message


def texts(batch: SampleBatch | Outcome) -> set[str]:
    assert isinstance(batch, SampleBatch)
    return {sample.text for sample in batch.samples}


def test_a_site_offers_what_a_listed_generator_makes_and_the_gates_let_pass(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, *CLEAN[:3], "no", CLEAN[0].upper())
    assert site.join(offer_plan()) is Outcome.OK
    batch = site.offer("autumn")
    assert {text.lower() for text in texts(batch)} == set(CLEAN[:3])
    assert {(sample.origin, sample.dependence) for sample in batch.samples} == {("made-up", "public")}
    assert not batch.outside_dp
    assert site.status().spent == pytest.approx(0.0, abs=0.2)  # the counts that were planned beside it


def test_the_embedded_generator_is_offered_and_passes_the_usual_gates(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", some_rows(), samples__generators=("label-phrases",))
    offer = SampleOffer(generator="label-phrases", count=20)
    assert site.join(make_plan(samples=offer)) is Outcome.OK
    batch = site.offer("autumn")
    assert len(batch.samples) == 20
    assert len({sample.label for sample in batch.samples}) == 3  # no label is favoured for coming first
    site.close()


@pytest.mark.parametrize("linked", [False, True])
def test_a_site_never_offers_its_own_records_as_a_corpus(
    tmp_path: Path, linked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "st-mary"
    corpus = folder / "source.jsonl"
    if linked:
        corpus = tmp_path / "public.jsonl"
        corpus.symlink_to(folder / "source.jsonl")
    site = make_site(
        folder, some_rows(), samples__generators=("public-corpus",), samples__corpora=(str(corpus),), samples__gates=()
    )
    assert site.join(make_plan(samples=SampleOffer(generator="public-corpus", count=5))) is Outcome.OK
    assert reply(site) is Outcome.REFUSED
    assert "own records" in caplog.text
    site.close()


def test_a_site_offers_nothing_unless_its_policy_lists_a_generator(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", some_rows())
    assert site.settings.samples.generators == ()
    assert site.join(offer_plan()) is Outcome.REFUSED
    assert site.join(make_plan()) is Outcome.OK
    assert reply(site) is Outcome.UNAVAILABLE  # the plan holds no such thing
    site.close()


def test_a_repeated_request_gets_the_same_bytes_and_another_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, *CLEAN)
    assert site.join(offer_plan()) is Outcome.OK
    first = site.handle(ASK)
    makes(monkeypatch, "something else altogether, said now")
    assert site.handle(ASK) == first
    assert len(texts(reply(site))) == 4


def test_private_text_is_refused_at_the_gate(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    makes(monkeypatch, *CLEAN, dependence=Dependence.PRIVATE)
    assert site.join(offer_plan()) is Outcome.OK
    assert reply(site) in (Outcome.REFUSED, Outcome.UNAVAILABLE)
    assert f"{PrivateOutput.code}: a request was answered" in caplog.text
    assert not (site.folder / "offers").exists()


def test_dp_output_keeps_its_mark(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, *CLEAN, dependence=Dependence.DP)
    assert site.join(offer_plan()) is Outcome.OK
    assert {sample.dependence for sample in site.offer("autumn").samples} == {"dp"}


def test_by_default_class_s_gates_change_nothing_of_what_leaves(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records decide nothing: what leaves is to the byte what would leave if they were others."""
    makes(monkeypatch, COPY, PLANT, *CLEAN[:2])
    assert site.join(offer_plan()) is Outcome.OK
    assert texts(reply(site)) == {COPY, PLANT, *CLEAN[:2]}
    site.observe()
    found = site._site_gates.findings.counts("autumn")
    assert found["copy"] == {"verbatim-copy": 1}
    assert found["planted"] == {"planted": 1}


def test_a_class_s_gate_that_fails_changes_nothing_either(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails(CopyGate):
        def __init__(self, *_: object, **__: object) -> None:
            raise ValueError(SECRET)

    makes(monkeypatch, COPY, PLANT, *CLEAN[:2])
    assert site.join(offer_plan()) is Outcome.OK
    with monkeypatch.context() as broken:
        broken.setattr(site_gates, "CopyGate", Fails)
        assert len(texts(reply(site))) == 4
        site.observe()
    assert "quillfeather" not in caplog.text
    assert "class S failed with ValueError" in caplog.text
    assert set(site._site_gates.findings.counts("autumn")) == {"planted"}
    site.observe()  # what failed is asked again, and nothing else
    assert site._site_gates.findings.counts("autumn") == {
        "planted": {"planted": 1},
        "copy": {"verbatim-copy": 1},
    }


def test_an_offer_that_records_do_not_decide_reads_none_while_the_coordinator_waits(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long it takes can then tell nothing of them. They are looked at when the site's own people ask."""
    read: list[str] = []
    records, vectors = type(site._store).records, type(site._rows).vectors
    monkeypatch.setattr(type(site._store), "records", lambda self: read.append("records") or records(self))
    monkeypatch.setattr(type(site._rows), "vectors", lambda self: read.append("vectors") or vectors(self))
    makes(monkeypatch, COPY, PLANT, *CLEAN[:2])
    assert site.join(offer_plan()) is Outcome.OK
    sent = site.handle(ASK)
    assert len(texts(reply(site))) == 4
    assert read == []
    assert not (site.folder / "findings" / "site-only.jsonl").exists()
    site.observe()
    assert set(read) == {"records", "vectors"}
    found = list(site._site_gates.findings.read())
    assert {(one.gate, one.blocked) for one in found} == {("copy", False), ("planted", False)}
    assert site.handle(ASK) == sent
    del read[:]
    site.observe()  # each gate looks at each batch once
    assert read == []
    assert list(site._site_gates.findings.read()) == found


def test_before_records_are_replaced_they_are_held_against_what_has_left(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, COPY, *CLEAN[:3])
    assert site.join(offer_plan()) is Outcome.OK
    assert len(texts(reply(site))) == 4
    row = '{"id": "1", "subject": "s", "text": "something else altogether", "label": "fever"}\n'
    (site.folder / "source.jsonl").write_text(row)
    site.prepare()
    assert site._site_gates.findings.counts("autumn")["copy"] == {"verbatim-copy": 1}


def test_a_batch_that_gates_decided_about_is_not_looked_at_again(
    blocking: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, COPY, PLANT, *CLEAN)
    assert blocking.join(offer_plan(outside_dp=True)) is Outcome.OK
    blocking.offer("autumn")
    found = list(blocking._site_gates.findings.read())
    assert {one.blocked for one in found} == {True}
    blocking.observe()
    assert list(blocking._site_gates.findings.read()) == found


ITEM = "who moved the green piano from the third floor last night"
LONG = "a text about matter number six that goes on and on until nobody can hold it any more"


def test_a_sites_own_gates_take_their_options_from_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation = tmp_path / "items.csv"
    evaluation.write_text(f"question\n{ITEM}\n")
    gates = (
        {"gate": "length", "options": {"max_words": 12}},
        "repetition",
        {"gate": "contamination", "options": {"files": [{"path": str(evaluation), "column": "question"}]}},
        {"gate": "duplicate", "options": {"threshold": 0.99}},
        {"gate": "relabel", "options": {"margin": 0.9}},
    )
    site = offering_site(tmp_path / "st-mary", samples__gates=gates)
    assert SiteSettings.load(site.folder) == site.settings
    assert [one.gate for one in site.settings.samples.gates][1] == "repetition"
    assert (
        'gates = [{ "gate" = "length", "options" = { "max_words" = 12 } }, "repetition"'
        in (site.folder / "site.toml").read_text()
    )
    site.check()
    makes(monkeypatch, LONG, *CLEAN[:2], ITEM.upper(), CLEAN[0].upper())
    assert site.join(offer_plan()) is Outcome.OK
    assert {text.lower() for text in texts(reply(site))} <= set(CLEAN[:2])
    found = {one.text.lower(): one.code for one in site.refused("autumn")}
    assert (found[LONG], found[ITEM]) == ("too-long", "contaminated")
    site.close()


@pytest.mark.parametrize(
    ("gate", "kind", "said"),
    [
        (
            {"gate": "duplicate", "options": {"closeness": 2}},
            ConfigError,
            "the options of the duplicate gate: closeness",
        ),
        ({"gate": "length", "options": {"max_words": "x"}}, ConfigError, "an option of the length gate"),
        ({"gate": "duplicate", "options": {"pooled": True}}, ConfigError, "compares with earlier turns"),
        ("collapse", ConfigError, "the collapse gate, as samples.gates sets it, compares with earlier turns"),
        ("trigger", ConfigError, "the trigger gate, as samples.gates sets it, compares with earlier turns"),
        ({"gate": "copy", "options": {"records": ["x"]}}, ConfigError, "the copy gate reads private records"),
        ("no-such-gate", UnknownPlugin, "no installed gate has that name"),
        ({"gate": "contamination", "options": {"files": [{"path": "SOURCE"}]}}, PolicyRefused, "own records as public"),
        ({"gate": "fluency", "options": {"corpora": ["SOURCE"]}}, PolicyRefused, "own records as public"),
        ({"gate": "toxicity", "options": {"lists": "SOURCE"}}, PolicyRefused, "own records as public"),
    ],
)
def test_what_a_sites_gates_cannot_be_is_told_by_check_and_offers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: Any, kind: type[FedaugError], said: str
) -> None:
    """A gate of class F that compares with the site's records would tell of them by what it lets pass."""
    source = str(tmp_path / "st-mary" / "source.jsonl")
    setting = json.loads(json.dumps(gate).replace("SOURCE", source))
    site = offering_site(tmp_path / "st-mary", samples__gates=("repetition", setting))
    with pytest.raises(kind, match=said):
        site.check()
    makes(monkeypatch, *CLEAN)
    assert site.join(offer_plan()) is Outcome.OK
    assert reply(site) in (Outcome.REFUSED, Outcome.UNAVAILABLE)
    assert not (site.folder / "offers").exists()
    site.close()


@pytest.fixture
def blocking(tmp_path: Path) -> Iterator[Site]:
    made = offering_site(tmp_path / "blocking" / "st-mary", samples__site_gates_block=True)
    yield made
    made.close()


def test_where_both_let_them_class_s_gates_decide_and_the_batch_says_so(
    blocking: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, COPY, PLANT, *CLEAN)
    assert blocking.join(offer_plan(outside_dp=True, attempts=2)) is Outcome.OK
    batch = blocking.offer("autumn")
    assert batch.outside_dp
    assert len(batch.samples) == 4
    assert texts(batch) <= set(CLEAN)


def test_a_batch_outside_dp_has_its_public_size_or_is_empty_and_says_so(
    blocking: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That too few texts were left tells of the records as well, so no ε may be stated for the empty batch either."""
    makes(monkeypatch, COPY, PLANT, *CLEAN[:3])
    assert blocking.join(offer_plan(outside_dp=True)) is Outcome.OK
    batch = blocking.offer("autumn")
    assert (batch.samples, batch.outside_dp) == ((), True)
    (entry,) = listed(blocking)
    assert (entry.texts, entry.outside_dp) == (0, True)


def test_where_a_class_s_gate_decides_and_fails_nothing_passes(blocking: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, *CLEAN)
    (blocking.folder / "planted.txt").unlink()
    assert blocking.join(offer_plan(outside_dp=True)) is Outcome.OK
    batch = blocking.offer("autumn")
    assert (batch.samples, batch.outside_dp) == ((), True)


def test_only_both_together_let_class_s_gates_decide(
    site: Site, blocking: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    makes(monkeypatch, COPY, *CLEAN[:3])
    assert site.join(offer_plan(outside_dp=True)) is Outcome.REFUSED  # the site does not
    assert blocking.join(offer_plan()) is Outcome.OK  # the campaign does not
    batch = blocking.offer("autumn")
    assert not batch.outside_dp
    assert COPY in texts(batch)


def test_a_coordinator_names_no_file_for_a_generator_to_read() -> None:
    assert set(SampleOffer.model_fields) == {"generator", "count", "attempts", "outside_dp"}


def test_attempts_are_capped_by_the_plan(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counting:
        def generate(self, labels: object, seed: int) -> Iterator[object]:
            asked.append(seed)
            return iter(())

    monkeypatch.setattr(offers, "load_plugin", lambda group, name: Counting)
    assert site.join(offer_plan(attempts=3)) is Outcome.OK
    assert texts(reply(site)) == set()
    assert len(set(asked)) == 3


def test_nothing_of_what_class_s_found_is_in_any_reply_or_log(
    blocking: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    makes(monkeypatch, COPY, PLANT, *CLEAN)
    assert blocking.join(offer_plan(outside_dp=True)) is Outcome.OK
    sent = blocking.handle(ASK)
    assert blocking._site_gates.findings.counts("autumn")["copy"].total() == 1
    for code in (VerdictCode.VERBATIM_COPY, VerdictCode.TOO_CLOSE, VerdictCode.PLANTED, VerdictCode.SURROGATE_USED):
        assert code.encode() not in sent
        assert code not in caplog.text
        for path in blocking.folder.rglob("*"):
            if path.is_file() and path.parent.name != "findings" and path.name != "site.toml":
                assert code.encode() not in path.read_bytes(), path.name


def test_the_message_of_a_batch_cannot_say_private() -> None:
    plan = offer_plan()
    private = [Candidate("a text", "made-up", "tests", None, (), Dependence.PRIVATE)]
    with pytest.raises(PrivateOutput, match="depends on records"):
        sample_batch(plan, private, outside_dp=False)
    with pytest.raises(PrivateOutput):  # nor under the other flag
        sample_batch(offer_plan(outside_dp=True, count=1), private, outside_dp=True)
    public = [Candidate(f"text {i}", "made-up", "tests") for i in range(5)]
    with pytest.raises(ProtocolError, match="more texts than planned"):
        sample_batch(plan, public, outside_dp=False)
    with pytest.raises(PolicyRefused, match="asks for none"):
        sample_batch(plan, public[:4], outside_dp=True)
    with pytest.raises(PolicyRefused, match="public size"):
        sample_batch(offer_plan(outside_dp=True), public[:3], outside_dp=True)


def listed(site: Site) -> list[Offered]:
    entries = [read_site_entry(entry) for entry in site._ledger.journal()]
    return [entry for entry in entries if isinstance(entry, Offered)]


def test_a_batch_is_listed_in_the_sites_log_once_and_charged_for_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, *CLEAN)
    assert site.join(offer_plan()) is Outcome.OK
    spent = site.status().spent
    sent = [site.handle(ASK) for _ in range(2)]
    (entry,) = listed(site)
    assert (entry.campaign, entry.key, entry.artefact) == ("autumn", "samples", digest(sent[0]))
    assert (entry.texts, entry.outside_dp) == (4, False)
    assert site.status().spent == spent
    assert site._ledger.verify()


def test_a_batch_that_was_kept_when_the_power_failed_is_listed_before_it_leaves(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, *CLEAN)
    assert site.join(offer_plan()) is Outcome.OK
    with monkeypatch.context() as cut:
        cut.setattr(type(site._ledger), "offer", lambda *_: (_ for _ in ()).throw(OSError("the power is cut")))
        assert reply(site) is Outcome.UNAVAILABLE
    assert listed(site) == []
    makes(monkeypatch, "something else altogether, said now")
    assert texts(reply(site)) <= set(CLEAN)  # the one that was kept
    assert len(listed(site)) == 1


def test_there_is_one_batch_a_plan_and_none_without(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under another name it would be another batch, and asked of records that have changed since."""
    makes(monkeypatch, *CLEAN)
    assert site.join(offer_plan()) is Outcome.OK
    assert len(texts(reply(site))) == 4
    other = AskSamples.model_construct(campaign="autumn", key="samples/2", request="samples")
    assert reply(site, encode(other)) is Outcome.UNAVAILABLE
    assert reply(site, encode(AskSamples(campaign="spring"))) is Outcome.REFUSED
    assert len(listed(site)) == 1


def test_a_batch_does_not_take_the_name_of_a_release(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, *CLEAN)
    release = event("samples", ReleaseKind.NOISY_COUNTS, 50.0)
    clashing = make_plan(events=(release,), samples=offer_plan().samples)
    assert site.join(clashing) is Outcome.OK
    assert reply(site) is Outcome.REFUSED
    assert listed(site) == []


def test_what_was_refused_is_kept_with_the_reason_and_sealed(blocking: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, COPY, PLANT, *CLEAN, "no")
    assert blocking.join(offer_plan(outside_dp=True)) is Outcome.OK
    assert blocking.refused("autumn") == []
    blocking.offer("autumn")
    kept = {one.text: (one.gate, one.code) for one in blocking.refused("autumn")}
    assert kept == {
        "no": ("length", "too-short"),
        COPY: ("copy", "verbatim-copy"),
        PLANT: ("planted", "planted"),
    }
    assert "quillfeather" not in repr(blocking.refused("autumn"))
    for path in (blocking.folder / "findings").iterdir():
        assert b"quillfeather" not in path.read_bytes(), path.name
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("asked", [True, False])
def test_a_text_that_repeats_a_used_surrogate_is_found_where_the_site_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    rows = [(f"s{k}", f"the ward called 212-555-{k:04d} about matter {k}", "fever") for k in range(3)]
    site = make_site(
        tmp_path / "st-mary",
        rows,
        samples__generators=("made-up",),
        samples__gates=("length",),
        samples__site_gates_block=True,
        samples__used_surrogates=asked,
        deid__policy="gdpr-pseudonymise",
    )
    used, *_ = UsedSurrogates(site._store).read()
    repeats = f"please call {used} for more of this"
    makes(monkeypatch, repeats, "please call 646-555-0147 for more of this", *CLEAN[:3])
    assert site.join(offer_plan(outside_dp=True)) is Outcome.OK
    batch = site.offer("autumn")
    found = {one.text: (one.gate, one.code) for one in site.refused("autumn")}
    assert found == ({repeats: ("surrogate", "surrogate-used")} if asked else {})
    assert (repeats in texts(batch)) is not asked
    site.close()


def test_where_the_list_of_surrogates_is_missing_a_gate_that_decides_lets_nothing_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a store that was prepared before such lists were kept."""
    makes(monkeypatch, *CLEAN)
    site = offering_site(tmp_path / "st-mary", samples__site_gates_block=True, samples__used_surrogates=True)
    (site.folder / "store" / "arrays" / "surrogates.sealed").unlink()
    assert site.join(offer_plan(outside_dp=True)) is Outcome.OK
    assert site.offer("autumn").samples == ()
    site.close()


def test_of_what_may_leave_nothing_is_kept_as_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    makes(monkeypatch, COPY, "no", *CLEAN[:2])
    assert site.join(offer_plan()) is Outcome.OK
    site.offer("autumn")
    assert [one.text for one in site.refused("autumn")] == ["no"]
