"""The ledger's rules: charged before, never over the cap, never twice, never for somebody else."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fedaug.errors import AlreadyReleased, BudgetExceeded, LedgerError, NotReserved, ProtocolError
from fedaug.privacy.accounting import calibrate, epsilon
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import Event, GaussianEvent, ReleaseKind
from fedaug.privacy.ledger import ChargeState, Ledger
from fedaug.privacy.units import Budget, PrivacyUnit

CAP = Budget(4, 1e-5)
LINEAGE = "a-random-lineage-id"
PLAN, OTHER_PLAN = digest(b"plan"), digest(b"other plan")
REQUEST, OTHER_REQUEST = digest(b"request"), digest(b"other request")


def votes(number: int = 0, noise_std: float = 5.0) -> Event:
    return GaussianEvent(f"votes/{number}", ReleaseKind.NOISY_VOTES, 1.0, noise_std)


def opened(path: Path, **changes: Any) -> Ledger:
    return Ledger.open(path, **{"lineage": LINEAGE, "unit": PrivacyUnit.RECORD, "cap": CAP} | changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder?%20#" / "ledger.db"  # characters that mean something in a URL


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    path.parent.mkdir()
    with opened(path) as made:
        yield made


def test_a_new_ledger_has_spent_nothing(ledger: Ledger) -> None:
    assert ledger.entries() == ()
    assert ledger.spent() == 0.0


def test_a_plan_is_charged_as_a_whole_when_it_is_reserved(ledger: Ledger) -> None:
    plan = [votes(0), votes(1, 7.0)]
    ledger.reserve("autumn", PLAN, plan)
    assert ledger.spent() == epsilon(plan, CAP.delta)
    assert [entry.state for entry in ledger.entries()] == [ChargeState.RESERVED] * 2
    assert [entry.event for entry in ledger.entries()] == plan
    assert ledger.planned("autumn", "votes/1") == plan[1]


def test_reserving_the_same_plan_again_costs_nothing(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.reserve("autumn", PLAN, [votes(noise_std=1.1)])
    assert len(ledger.entries()) == 1


@pytest.mark.parametrize(
    ("plan_digest", "events"),
    [(OTHER_PLAN, [votes()]), (PLAN, [votes(noise_std=4.0)]), (PLAN, [votes(), votes(1)]), (PLAN, [votes(1)])],
)
def test_a_known_campaign_with_another_plan_is_refused(ledger: Ledger, plan_digest: str, events: list[Event]) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    with pytest.raises(AlreadyReleased, match="FA304: the campaign is known with another plan"):
        ledger.reserve("autumn", plan_digest, events)
    assert len(ledger.entries()) == 1


def test_a_calibrated_plan_fills_the_cap_and_the_next_release_is_refused(ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, calibrate([votes(0), votes(1, 7.0)], CAP))
    with pytest.raises(BudgetExceeded, match=r"FA301: ε 3\.99\d* is spent, the plan alone costs 0\.3407, .*cap is 4 "):
        ledger.reserve("winter", PLAN, [votes(noise_std=10.0)])
    assert {entry.campaign for entry in ledger.entries()} == {"autumn"}


def test_a_refused_plan_leaves_no_part_of_itself_behind(ledger: Ledger) -> None:
    with pytest.raises(BudgetExceeded):
        ledger.reserve("autumn", PLAN, [votes(0, 100.0), votes(1, 0.1)])
    assert ledger.entries() == ()
    with pytest.raises(NotReserved, match="FA303: no plan reserved the release"):
        ledger.planned("autumn", "votes/0")


def test_the_whole_history_counts_also_after_reopening(path: Path) -> None:
    path.parent.mkdir()
    for number in range(3):
        with opened(path) as ledger:
            ledger.reserve(f"campaign {number}", PLAN, [votes(noise_std=3.0)])
    with opened(path) as ledger:
        alone = epsilon([votes(n, 3.0) for n in range(3)], CAP.delta)
        assert alone <= ledger.spent() <= alone * 1.01  # campaigns chosen one after the other cost a little more
    with opened(path, cap=Budget(2.5, CAP.delta)) as ledger, pytest.raises(BudgetExceeded, match=r"cap is 2\.5"):
        ledger.reserve("one too many", PLAN, [votes(noise_std=3.0)])


def test_a_lower_cap_than_what_is_spent_refuses_everything(path: Path, ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, [votes(noise_std=1.1)])
    with opened(path, cap=Budget(0.5, CAP.delta)) as strict, pytest.raises(BudgetExceeded, match="FA301"):
        strict.reserve("winter", PLAN, [votes(noise_std=1e6)])


def test_a_release_without_noise_needs_an_infinite_cap(path: Path, ledger: Ledger) -> None:
    with pytest.raises(BudgetExceeded, match="the plan alone costs inf"):
        ledger.reserve("autumn", PLAN, [votes(noise_std=0.0)])
    with opened(path, cap=Budget(math.inf, CAP.delta)) as unlimited:
        unlimited.reserve("autumn", PLAN, [votes(noise_std=0.0)])
        assert unlimited.spent() == math.inf
    with pytest.raises(BudgetExceeded, match="ε inf is spent"):
        ledger.reserve("winter", PLAN, [votes(noise_std=1e6)])


def test_an_accountant_that_answers_nan_is_a_refusal(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedaug.privacy.ledger.costs.epsilon", lambda *_: math.nan)
    with pytest.raises(BudgetExceeded, match="together they cost nan"):
        ledger.reserve("autumn", PLAN, [votes()])


def test_a_sealed_release_is_committed_and_repeats_its_bytes(ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    assert ledger.sealed("autumn", "votes/0", REQUEST) is None
    for _ in range(2):
        ledger.seal("autumn", "votes/0", REQUEST, b"artefact")
    assert ledger.sealed("autumn", "votes/0", REQUEST) == b"artefact"
    assert [entry.state for entry in ledger.entries()] == [ChargeState.COMMITTED]
    assert ledger.spent() == epsilon([votes()], CAP.delta)


def test_a_rerun_cannot_replace_what_was_sealed(ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    ledger.seal("autumn", "votes/0", REQUEST, b"first noise")
    for request, artefact in [(REQUEST, b"second noise"), (OTHER_REQUEST, b"first noise")]:
        with pytest.raises(AlreadyReleased, match="FA304: the release was sealed with other bytes"):
            ledger.seal("autumn", "votes/0", request, artefact)
    assert ledger.sealed("autumn", "votes/0", REQUEST) == b"first noise"


def test_a_released_key_is_not_answered_for_another_request(ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    ledger.seal("autumn", "votes/0", REQUEST, b"artefact")
    with pytest.raises(AlreadyReleased, match="FA304: the release has left in answer to another request"):
        ledger.sealed("autumn", "votes/0", OTHER_REQUEST)


@pytest.mark.parametrize(("campaign", "key"), [("autumn", "votes/1"), ("winter", "votes/0")])
def test_nothing_is_sealed_or_voided_that_was_not_reserved(ledger: Ledger, campaign: str, key: str) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    for action in (
        lambda: ledger.seal(campaign, key, REQUEST, b"artefact"),
        lambda: ledger.void(campaign, key),
        lambda: ledger.planned(campaign, key),
    ):
        with pytest.raises(NotReserved, match="FA303: no plan reserved the release"):
            action()
    assert ledger.sealed(campaign, key, REQUEST) is None


def test_a_voided_charge_is_given_back_for_good(ledger: Ledger) -> None:
    ledger.reserve("autumn", PLAN, [votes(0), votes(1)])
    for _ in range(2):
        ledger.void("autumn", "votes/0")
    assert ledger.spent() == epsilon([votes(1)], CAP.delta)
    ledger.reserve("autumn", PLAN, [votes(0), votes(1)])
    for action in (
        lambda: ledger.planned("autumn", "votes/0"),
        lambda: ledger.seal("autumn", "votes/0", REQUEST, b"artefact"),
    ):
        with pytest.raises(NotReserved, match="FA303: the release was voided"):
            action()


@pytest.mark.parametrize("begin", ["sealed", "asked for"])
def test_once_something_of_a_plan_is_begun_nothing_of_it_is_given_back(ledger: Ledger, begin: str) -> None:
    """A refund that depends on what came out would not be covered by composition."""
    ledger.reserve("autumn", PLAN, [votes(0), votes(1)])
    if begin == "sealed":
        ledger.seal("autumn", "votes/0", REQUEST, b"artefact")
    else:
        ledger.ask("autumn", "votes/0", REQUEST)
    for key in ("votes/0", "votes/1"):
        with pytest.raises(AlreadyReleased, match="FA304: the plan has begun"):
            ledger.void("autumn", key)
    assert ledger.spent() == epsilon([votes(0), votes(1)], CAP.delta)


def test_a_release_answers_one_request_whatever_becomes_of_it(ledger: Ledger, path: Path) -> None:
    ledger.reserve("autumn", PLAN, [votes(0), votes(1)])
    for _ in range(2):
        ledger.ask("autumn", "votes/0", REQUEST)
    ledger.close()
    with Ledger.open(path, lineage=LINEAGE, unit=PrivacyUnit.RECORD, cap=CAP) as again:
        with pytest.raises(AlreadyReleased, match="FA304: the release was asked for by another request"):
            again.ask("autumn", "votes/0", "e" * 64)
        again.ask("autumn", "votes/1", "e" * 64)
        with pytest.raises(NotReserved, match="FA303"):
            again.ask("winter", "votes/0", REQUEST)


@pytest.mark.parametrize("changes", [{"lineage": "another"}, {"unit": PrivacyUnit.SUBJECT}, {"lineage": LINEAGE + " "}])
def test_the_ledger_of_another_data_set_or_unit_is_refused(path: Path, ledger: Ledger, changes: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match="FA502: the ledger belongs to another data set or unit"):
        opened(path, **changes)


@pytest.mark.parametrize("events", [[], [votes()] * 2, ["votes"], [None], [votes(n) for n in range(1_001)]])
def test_a_plan_that_is_malformed_is_not_reserved(ledger: Ledger, events: list[Any]) -> None:
    with pytest.raises(ProtocolError, match="FA401: a plan "):
        ledger.reserve("autumn", PLAN, events)
    assert ledger.entries() == ()


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", "\ud800", "line\nbreak", None, 7, b"bytes"])
def test_a_malformed_name_is_refused(ledger: Ledger, name: Any) -> None:
    ledger.reserve("autumn", PLAN, [votes()])
    for action in (
        lambda: ledger.reserve(name, PLAN, [votes()]),
        lambda: ledger.planned(name, "votes/0"),
        lambda: ledger.planned("autumn", name),
        lambda: ledger.sealed("autumn", name, REQUEST),
        lambda: ledger.seal(name, "votes/0", REQUEST, b""),
        lambda: ledger.void("autumn", name),
    ):
        with pytest.raises(ProtocolError, match="FA401: a name is empty, too long or not printable"):
            action()


@pytest.mark.parametrize("value", ["", "x" * 64, REQUEST.upper(), REQUEST + "\n", None, 7])
def test_a_malformed_digest_is_refused(ledger: Ledger, value: Any) -> None:
    for action in (
        lambda: ledger.reserve("autumn", value, [votes()]),
        lambda: ledger.sealed("autumn", "votes/0", value),
        lambda: ledger.seal("autumn", "votes/0", value, b""),
    ):
        with pytest.raises(ProtocolError, match="FA401: a digest is malformed"):
            action()


def test_names_are_stored_as_data_not_run_as_sql(ledger: Ledger) -> None:
    name = "x'); DROP TABLE charges; --"
    ledger.reserve(name, PLAN, [votes()])
    assert ledger.planned(name, "votes/0") == votes()


class LedgerMachine(RuleBasedStateMachine):
    """Any order of calls: the cap holds, states only move forwards, and spent is what the entries say."""

    campaigns = Bundle("campaigns")

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.path = Path(self.temporary.name) / "ledger.db"
        self.ledger = opened(self.path)
        self.last: dict[int, ChargeState] = {}

    def teardown(self) -> None:
        self.ledger.close()
        self.temporary.cleanup()

    @rule(target=campaigns, name=st.sampled_from("abcdef"), noise=st.sampled_from([0.0, 0.5, 1.05, 1.1, 2.0, 5.0, 1e6]))
    def reserve(self, name: str, noise: float) -> str:
        before = self.ledger.entries()
        try:
            self.ledger.reserve(name, PLAN, [votes(0, noise), votes(1, 1e6)])
        except (BudgetExceeded, AlreadyReleased):
            assert self.ledger.entries() == before
        return name

    @rule(campaign=campaigns, number=st.integers(0, 1))
    def seal(self, campaign: str, number: int) -> None:
        try:
            self.ledger.seal(campaign, f"votes/{number}", REQUEST, b"artefact")
        except NotReserved:
            return
        assert self.ledger.sealed(campaign, f"votes/{number}", REQUEST) == b"artefact"

    @rule(campaign=campaigns, number=st.integers(0, 1))
    def void(self, campaign: str, number: int) -> None:
        try:
            self.ledger.void(campaign, f"votes/{number}")
        except (NotReserved, AlreadyReleased):
            return
        assert self.ledger.sealed(campaign, f"votes/{number}", REQUEST) is None

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = opened(self.path)

    @invariant()
    def the_cap_holds_and_states_move_forwards(self) -> None:
        entries = self.ledger.entries()
        charged = [entry.event for entry in entries if entry.state is not ChargeState.VOID]
        # One plan costs what its events cost; several what the filter says, which is a little more.
        assert epsilon(charged, CAP.delta) <= self.ledger.spent() + 1e-9
        assert self.ledger.spent() <= min(CAP.epsilon, epsilon(charged, CAP.delta) * 1.01 + 1e-3)
        for entry in entries:
            assert self.last.get(entry.sequence, ChargeState.RESERVED) in {ChargeState.RESERVED, entry.state}
        assert set(self.last) <= {entry.sequence for entry in entries}
        self.last = {entry.sequence: entry.state for entry in entries}


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
