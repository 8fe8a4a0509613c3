"""Replies leave at whole intervals, whatever the work took and however it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.small import events, make_plan, make_site, some_rows

from fedaug.client.pace import Pace
from fedaug.strategies.messages import AskCounts, Outcome, encode


class Time:
    """A clock that moves when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("work", "until"), [(0.0, 0.5), (0.001, 0.5), (0.499, 0.5), (0.5, 0.5), (0.51, 1.0), (7.3, 7.5)]
)
@pytest.mark.parametrize("fails", [False, True])
def test_work_ends_at_a_whole_interval(work: float, until: float, fails: bool) -> None:
    time = Time()

    def done() -> None:
        with Pace(0.5, time.clock, time.sleep).held():
            time.now += work
            if fails:
                raise ArithmeticError

    if fails:
        with pytest.raises(ArithmeticError):
            done()
    else:
        done()
    assert time.now - 100 == pytest.approx(until)


def test_an_interval_of_none_holds_nothing_back() -> None:
    time = Time()
    with Pace(0, time.clock, time.sleep).held():
        time.now += 0.3
    assert time.slept == []


def test_a_release_is_held_back_and_a_question_about_nobodys_records_is_not(tmp_path: Path) -> None:
    site = make_site(tmp_path / "s", some_rows(), privacy__reply_interval_s=0.25)
    time = Time()
    site._door._pace = Pace(0.25, time.clock, time.sleep)
    assert site.join(make_plan(events=events(9.0, ["counts"]))) is Outcome.OK
    assert time.slept == []
    for _ in range(2):  # made, and sent again
        site.handle(encode(AskCounts(campaign="autumn", key="counts")))
    assert time.slept == [0.25, 0.25]
    site.close()
