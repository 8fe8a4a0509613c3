"""The release gate: charged before records are read, sealed before anything leaves, and nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.seeded_noise import SeededNoise
from tests.small import (
    KINDS,
    LABELS,
    SmallEncoder,
    candidates,
    events,
    head,
    make_plan,
    make_site,
    open_site,
    some_rows,
)

from fedaug.client.answers import answer_to, require_covered
from fedaug.client.kept_offers import KeptOffers
from fedaug.client.policy import require_allowed
from fedaug.client.release import ReleaseGate
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.site import Site
from fedaug.errors import AlreadyReleased, BudgetExceeded, NotReserved, PolicyRefused
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.events import GaussianEvent, ReleaseKind, event_from_dict
from fedaug.privacy.ledger import ChargeState, Ledger
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import (
    AskCounts,
    AskMetric,
    AskStatistics,
    AskVotes,
    CampaignPlan,
    NoisyRelease,
    Outcome,
    SiteFact,
    Status,
    TrustModel,
    decode_reply,
    encode,
)

ROWS = Contributions(np.eye(3, 8, dtype=np.float32), np.arange(3), np.arange(3))
COUNTS = AskCounts(campaign="autumn", key="counts")


class Room:
    """A gate with its ledger, and a note of every look at the records."""

    def __init__(self, folder: Path, cap: float = 4.0, noise: Any = None) -> None:
        self.ledger = Ledger.open(
            folder / "ledger.sqlite", lineage="l", unit=PrivacyUnit.SUBJECT, cap=Budget(cap, 1e-5)
        )
        key = Ed25519PrivateKey.generate()
        offers = KeptOffers(folder / "offers", key.public_key())
        self.gate = ReleaseGate("st-mary", key, self.ledger, noise or SystemNoise(), offers)
        self.states_when_read: list[dict[str, str]] = []

    def states(self) -> dict[str, str]:
        return {entry.event.key: str(entry.state) for entry in self.ledger.entries()}

    def records(self) -> Contributions:
        self.states_when_read.append(self.states())
        return ROWS

    def release(self, plan: CampaignPlan, key: str = "counts", raw: bytes | None = None, **changes: Any) -> bytes:
        request = AskCounts(campaign=plan.campaign, key=key)
        made = replace(answer_to(request, {}, plan), **changes)
        return self.gate.release(plan, request, raw or encode(request), made, self.records)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.ledger.close()


def test_the_whole_plan_is_charged_before_a_record_is_read(room: Room) -> None:
    plan = make_plan()
    room.gate.join(plan)
    assert room.states_when_read == []
    room.release(plan)
    assert room.states_when_read == [dict.fromkeys(KINDS, "reserved")]
    assert room.states() == dict.fromkeys(KINDS, "reserved") | {"counts": "committed"}


def test_without_a_charge_nothing_is_read(room: Room) -> None:
    with pytest.raises(NotReserved, match="no plan reserved"):
        room.release(make_plan())
    room.gate.join(make_plan())
    with pytest.raises(NotReserved, match="no plan reserved"):
        room.release(make_plan(), key="counts/2")
    assert room.states_when_read == []


def test_a_plan_over_the_cap_is_refused_whole_and_nothing_is_read(room: Room) -> None:
    plan = make_plan(epsilon=100.0, events=events(0.5))
    with pytest.raises(BudgetExceeded, match="cap is 4"):
        room.gate.join(plan)
    with pytest.raises(NotReserved):
        room.release(plan)
    assert room.states_when_read == []
    assert room.ledger.entries() == ()


def test_the_same_request_gets_the_same_bytes_for_one_charge_and_one_reading(room: Room) -> None:
    plan = make_plan()
    room.gate.join(plan)
    spent = room.ledger.spent()
    assert len({room.release(plan) for _ in range(3)}) == 1
    assert len(room.states_when_read) == 1
    assert room.ledger.spent() == spent


def test_another_request_under_a_released_key_is_refused_unread(room: Room) -> None:
    plan = make_plan()
    room.gate.join(plan)
    room.release(plan)
    with pytest.raises(AlreadyReleased, match="another request"):
        room.release(plan, raw=b"another")
    assert len(room.states_when_read) == 1


def test_a_release_that_fails_after_reading_answers_no_other_request(room: Room) -> None:
    """Else its failing could be asked about again and again, each time of another question, at no charge."""

    def fails(*_: Any) -> Any:
        raise ArithmeticError

    plan = make_plan()
    room.gate.join(plan)
    with pytest.raises(ArithmeticError):
        room.release(plan, run=fails)
    assert len(room.states_when_read) == 1
    with pytest.raises(AlreadyReleased, match="asked for by another request"):
        room.release(plan, raw=b"another")
    assert len(room.states_when_read) == 1
    assert room.release(plan) == room.release(plan)


def test_a_mechanism_of_another_kind_than_was_charged_is_refused_unread(room: Room) -> None:
    plan = make_plan()
    room.gate.join(plan)
    with pytest.raises(PolicyRefused, match="another kind"):
        room.release(plan, kind=ReleaseKind.NOISY_STATISTICS)
    assert room.states_when_read == []
    assert room.states()["counts"] == "reserved"


def test_a_crash_between_reading_and_sealing_lets_nothing_out_and_keeps_the_charge(tmp_path: Path) -> None:
    class PowerCut(BaseException):
        pass

    class Failing(SystemNoise):
        def token(self, size: int) -> bytes:  # drawn for the nonce, after the noise
            raise PowerCut

    plan = make_plan()
    cut = Room(tmp_path, noise=Failing())
    cut.gate.join(plan)
    spent = cut.ledger.spent()
    with pytest.raises(PowerCut):
        cut.release(plan)
    cut.ledger.close()
    again = Room(tmp_path)
    assert again.states()["counts"] == "reserved"
    assert again.ledger.spent() == spent > 0
    sent = again.release(plan)
    assert again.release(plan) == sent
    assert again.ledger.spent() == spent
    again.ledger.close()


def test_what_leaves_is_in_the_ledger_before_it_leaves(room: Room) -> None:
    """A ledger that cannot seal lets nothing out."""
    plan = make_plan()
    room.gate.join(plan)

    def full(*_: Any) -> None:
        raise OSError("no space left")

    room.ledger.seal = full  # type: ignore[method-assign]  # the disk is full
    with pytest.raises(OSError, match="no space"):
        room.release(plan)
    del room.ledger.seal
    assert room.states()["counts"] == "reserved"


# at the site's door


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "st-mary"
    make_site(folder, some_rows()).close()
    return folder


@pytest.fixture
def site(prepared: Path, tmp_path: Path) -> Iterator[Site]:
    shutil.copytree(prepared, tmp_path / "st-mary")
    opened = open_site(tmp_path / "st-mary")
    yield opened
    opened.close()


def answer(site: Site, request: bytes) -> NoisyRelease | Status | SiteFact:
    reply, _ = decode_reply(open_envelope(site.handle(request), None)[1])
    return reply


SENSITIVITY_HALF = (*events(10.0, ["counts", "statistics", "metric"]), *events(10.0, ["votes/0"], sensitivity=0.5))
CONTINUOUS = (*events(10.0, ["counts"]), GaussianEvent("metric", KINDS["metric"], 1.0, 10.0).as_dict())
FORBIDDEN: dict[str, Callable[[], CampaignPlan]] = {  # each wrong in one thing, and cheap but for that
    "understates a sensitivity": lambda: make_plan(events=SENSITIVITY_HALF),
    "adds noise in floating point": lambda: make_plan(events=CONTINUOUS),
    "protects another unit": lambda: make_plan(unit=PrivacyUnit.RECORD),
    "adds no noise": lambda: make_plan(epsilon="inf", events=events(0.0)),
    "adds noise to all but one": lambda: make_plan(
        epsilon="inf", events=(*events(50.0, ["counts", "metric"]), *events(0.0, ["votes/0"]))
    ),
    "has another δ": lambda: make_plan(delta=1e-6, events=events(50.0)),
    "has a larger δ": lambda: make_plan(delta=1e-4, events=events(50.0)),
    "trusts the coordinator": lambda: make_plan(trust_model=TrustModel.TRUSTED_COORDINATOR),
    "costs more than it states": lambda: make_plan(epsilon=1.0),
    "costs more than the cap": lambda: make_plan(epsilon=1000.0, events=events(0.3)),
    "is for another embedding space": lambda: make_plan(encoder="another"),
    "is for vectors of another length": lambda: make_plan(dimensions=16),
}


@pytest.mark.parametrize("why", FORBIDDEN)
def test_a_plan_is_refused_and_nothing_reserved_when_it(site: Site, why: str) -> None:
    assert site.join(FORBIDDEN[why]()) is Outcome.REFUSED
    assert site.status().charges == ()
    reply = answer(site, encode(COUNTS))
    assert isinstance(reply, Status)
    assert reply.status is Outcome.REFUSED


REASONS = {
    "understates a sensitivity": "understates a release's sensitivity",
    "adds noise in floating point": "mechanism that its kind lacks",
    "protects another unit": "another unit",
    "adds no noise": "adds no noise",
    "adds noise to all but one": "adds no noise",
    "has another δ": "δ is not privacy.delta",
    "has a larger δ": "δ is not privacy.delta",
    "trusts the coordinator": "trust model",
    "costs more than it states": "costs more than it states",
    "is for another embedding space": "another embedding space",
    "is for vectors of another length": "another embedding space",
}


@pytest.mark.parametrize("why", REASONS)
def test_the_policy_itself_refuses_a_plan_that(prepared: Path, why: str) -> None:
    """The ledger's cap would stop some of them too; a site with room left must not depend on that."""
    settings, space = SiteSettings.load(prepared), (SmallEncoder.name, SmallEncoder.dimensions)
    require_allowed(make_plan(), settings, space)
    with pytest.raises(PolicyRefused, match=REASONS[why]):
        require_allowed(FORBIDDEN[why](), settings, space)


def test_a_release_kind_outside_the_sites_policy_is_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path / "s", some_rows(), prepare=True, policy__release_kinds=("NoisyCounts",))
    assert site.join(make_plan()) is Outcome.REFUSED
    assert site.join(make_plan(campaign="counts", events=events(5.0, ["counts"]))) is Outcome.OK
    site.close()


def test_more_candidates_than_the_sites_policy_takes_are_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path / "s", some_rows(), policy__max_candidates=5)
    assert site.join(make_plan()) is Outcome.REFUSED  # its votes may be on a thousand
    assert site.join(make_plan(events=events(9.0, ["votes/0"], dimensions=5))) is Outcome.OK
    reply = answer(site, encode(AskVotes(campaign="autumn", key="votes/0"), candidates(6)))
    assert isinstance(reply, Status)
    assert reply.status is Outcome.REFUSED
    assert len(site.votes("autumn", "votes/0", **candidates(5))) == 5
    site.close()


def test_a_campaigns_name_with_another_plan_is_refused(site: Site) -> None:
    assert site.join(make_plan()) is Outcome.OK
    assert site.join(make_plan()) is Outcome.OK
    charges = site.status().charges
    assert site.join(make_plan(votes_per_record=3)) is Outcome.REFUSED
    assert site.status().charges == charges


def test_campaigns_add_up_to_the_cap(site: Site) -> None:
    small = make_plan().model_dump(mode="json") | {"events": events(5.0)}
    outcomes = [site.join(CampaignPlan.model_validate(small | {"campaign": f"c{i}"})) for i in range(9)]
    assert outcomes[0] is Outcome.OK
    assert outcomes[-1] is Outcome.REFUSED
    assert site.status().spent <= 4.0
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome is Outcome.REFUSED)


def test_a_site_that_was_not_prepared_is_unavailable_and_reserves_nothing(tmp_path: Path) -> None:
    site = make_site(tmp_path / "s", some_rows(), prepare=False)
    assert not site.status().prepared
    assert site.join(make_plan()) is Outcome.UNAVAILABLE
    assert site.status().charges == ()
    site.close()


def bad_inputs() -> dict[str, bytes]:
    good, student = candidates(), head()
    vectors, labels = good["candidates"], good["labels"]

    def vote(**changes: Any) -> bytes:
        return encode(AskVotes(campaign="autumn", key="votes/0"), good | changes)

    def metric(**changes: Any) -> bytes:
        return encode(AskMetric(campaign="autumn", key="metric"), student | changes)

    return {
        "candidates of huge length": vote(candidates=vectors * np.float32(3e38)),
        "candidates of no length": vote(candidates=vectors * 0),
        "candidates twice as long": vote(candidates=vectors * 2),
        "candidates of another width": vote(candidates=vectors[:, :5].copy()),
        "candidates as float64": vote(candidates=vectors.astype(np.float64)),
        "candidates that are flat": vote(candidates=vectors.reshape(-1)),
        "no candidates": vote(candidates=vectors[:0], labels=labels[:0]),
        "a label too few": vote(labels=labels[1:]),
        "a label outside the set": vote(labels=labels + 1),
        "a negative label": vote(labels=labels - 1),
        "an extra tensor": vote(more=np.zeros(1)),
        "a student of another width": metric(weight=np.ones((len(LABELS), 5), np.float32)),
        "a student of other labels": metric(weight=np.ones((2, 8), np.float32), bias=np.zeros(2, np.float32)),
        "no bias": encode(AskMetric(campaign="autumn", key="metric"), {"weight": student["weight"]}),
        "tensors where none belong": encode(COUNTS, {"x": np.zeros(1)}),
        "statistics under the key of counts": encode(AskStatistics(campaign="autumn", key="counts")),
        "a key that was not planned": encode(AskCounts(campaign="autumn", key="votes/1")),
        "a campaign that was not joined": encode(AskCounts(campaign="winter", key="counts")),
        "a path for a campaign": encode(AskCounts(campaign="../../etc/passwd", key="counts")),
    }


def test_bad_inputs_get_a_status_before_any_record_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were one found only with certain records, the answer would tell of them, outside any mechanism."""
    assert site.join(make_plan()) is Outcome.OK
    charges = site.status().charges
    with monkeypatch.context() as patch:
        patch.setattr(PreparedRows, "contributions", lambda *_: pytest.fail("records were read"))
        for name, request in bad_inputs().items():
            reply = answer(site, request)
            assert isinstance(reply, Status), name
            assert reply.status is not Outcome.OK, name
    assert site.status().charges == charges
    assert len(site.votes("autumn", "votes/0", **candidates())) == 6


@pytest.mark.parametrize("key", KINDS)
def test_a_site_without_a_record_of_the_labels_answers_like_any_other(site: Site, key: str) -> None:
    """Else a coordinator could name one label and learn for sure whether the site has a record of it."""
    assert site.join(make_plan(labels=("plague", "leprosy"))) is Outcome.OK
    inputs: dict[str, Callable[[], Any]] = {
        "counts": lambda: site.counts("autumn"),
        "statistics": lambda: site.statistics("autumn"),
        "votes/0": lambda: site.votes("autumn", key, candidates()["candidates"], np.zeros(6, np.int32)),
        "metric": lambda: site.metric("autumn", head()["weight"][:2], np.zeros(2, np.float32)),
    }
    assert np.isfinite(inputs[key]()).all()


def test_a_students_huge_weights_draw_no_warning_and_no_number_that_is_none(site: Site) -> None:
    assert site.join(make_plan()) is Outcome.OK
    weight = np.full((len(LABELS), 8), np.finfo(np.float32).max)
    weight[1] *= -1
    assert np.isfinite(site.metric("autumn", weight, np.zeros(len(LABELS), np.float32))).all()


def test_labels_beyond_the_plans_and_records_beyond_a_subjects_first_are_counted_as_stated(tmp_path: Path) -> None:
    rows = [("a", "fever again", "fever")] * 9 + [("b", "cough", "cough"), ("c", "no such label", "plague")]
    plan = make_plan(epsilon="inf", events=events(0.0))
    site = make_site(tmp_path / "s", rows, policy__allow_noise_off=True, privacy__epsilon="inf")
    assert site.join(plan) is Outcome.OK
    assert site.counts("autumn").tolist() == [1.0, 1.0, 0.0]
    site.close()


def test_a_plan_that_was_changed_on_the_disk_is_not_followed(site: Site) -> None:
    assert site.join(make_plan()) is Outcome.OK
    [path] = (site.folder / "plans").iterdir()
    path.write_bytes(path.read_bytes().replace(b'"autumn"', b'"winter"'))
    reply = answer(site, encode(COUNTS))
    assert isinstance(reply, Status)
    assert reply.status is Outcome.UNAVAILABLE
    path.write_bytes(b"{}")
    assert isinstance(answer(site, encode(COUNTS)), Status)


def test_two_openings_of_one_site_send_the_same_bytes(site: Site) -> None:
    assert site.join(make_plan()) is Outcome.OK
    other = open_site(site.folder)
    assert site.handle(encode(COUNTS)) == other.handle(encode(COUNTS))
    other.close()


def test_a_statement_of_failure_is_as_long_for_every_cause(site: Site) -> None:
    refused = {len(site.handle(encode(AskCounts(campaign=f"c{i}", key=f"k{i}")))) for i in range(3)}
    assert len(refused) == 1


def test_charges_survive_in_the_ledgers_file(site: Site) -> None:
    assert site.join(make_plan()) is Outcome.OK
    site.counts("autumn")
    site.close()
    again = open_site(site.folder)
    states = {entry.event.key: entry.state for entry in again.status().charges}
    assert states == dict.fromkeys(KINDS, ChargeState.RESERVED) | {"counts": ChargeState.COMMITTED}
    again.close()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"dimensions": 2}, "more values than were planned"),
        ({"grid": 2.0**-40, "noise_std": 2.0**-16}, "too fine a grid"),
        ({"release": "NoisyStatistics"}, "another kind"),
    ],
)
def test_an_event_that_does_not_cover_its_release_is_refused_before_records_are_read(
    changes: dict[str, Any], why: str
) -> None:
    event = event_from_dict(events(10.0, ["counts"])[0] | changes)
    plan = make_plan()
    with pytest.raises(PolicyRefused, match=why):
        require_covered(event, answer_to(COUNTS, {}, plan))


def test_seeded_noise_gives_the_same_release_so_that_runs_can_be_compared(prepared: Path, tmp_path: Path) -> None:
    values = []
    for name in ("one", "two"):
        shutil.copytree(prepared, tmp_path / name / "st-mary")
        site = open_site(tmp_path / name / "st-mary", noise=SeededNoise(3))
        site.join(make_plan())
        values.append(site.statistics("autumn").tobytes())
        site.close()
    assert values[0] == values[1]
