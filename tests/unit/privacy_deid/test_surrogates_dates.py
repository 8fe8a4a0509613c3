"""Dates: intervals stay as they are, and so does the way of writing."""

from datetime import date

import pytest
from benchmarks import surrogate_dates
from tests.surrogate_texts import marked, policy

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.surrogates import Dates, Draw, SurrogateKey, shift_of

KEY = SurrogateKey(bytes(range(32)))


def moved(value: str, days: int, language: str = "en") -> str | None:
    return Dates([(0, value)], language).shifted(0, value, days)


def test_intervals_are_exact_over_every_style() -> None:
    tally = surrogate_dates.measure(surrogate_dates.by(Replacer(policy(), key=KEY)), 40)
    assert tally.dates == 40 * len(surrogate_dates.STYLES)
    assert tally.intervals > 20_000
    assert tally.wrong == 0
    assert tally.weekdays_wrong == 0
    assert tally.unshifted == 0
    assert tally.shifts > 30


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3/14/2019", "4/3/2019"),
        ("03/14/19", "04/03/19"),
        ("2019-03-14T10:22:00Z", "2019-04-03T10:22:00Z"),
        ("14.03.2019", "03.04.2019"),
        ("the 5th of March", "the 25th of March"),
        ("March 3rd", "March 23rd"),
        ("MARCH 30, 2019", "APRIL 19, 2019"),
        ("Mar '19", "Apr '19"),
        ("Monday, March 3rd", "Sunday, March 23rd"),
        ("March 14-16, 2019", "April 3-5, 2019"),
        ("from 3/14/2019 to 4/2/2019", "from 4/3/2019 to 4/22/2019"),
        ("3/14-3/20", "4/3-4/9"),
        ("19MAY2019", "8JUN2019"),
        ("at 10:30 on 3/14/19", "at 10:30 on 4/3/19"),
        ("two weeks ago", "two weeks ago"),
        ("3-5 days", "3-5 days"),
        ("10:30 am", "10:30 am"),
    ],
)
def test_a_date_keeps_its_style(value: str, expected: str) -> None:
    assert moved(value, 20) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3 de marzo de 2019", "23 de marzo de 2019"),
        ("lunes 3 de marzo", "domingo 23 de marzo"),
        ("marzo de 2019", "abril de 2019"),
        ("30 al 31 de marzo de 2019", "19 al 20 de abril de 2019"),
        ("1º de marzo", "21º de marzo"),
        ("03/04/2019", "23/04/2019"),
        ("3-III-2019", "23-III-2019"),
        ("hace dos semanas", "hace dos semanas"),
    ],
)
def test_a_spanish_date_keeps_its_style(value: str, expected: str) -> None:
    assert moved(value, 20, "es") == expected


def test_a_range_that_comes_to_lie_in_two_months_names_both() -> None:
    assert moved("March 14-16, 2019", 16) == "March 30-April 1, 2019"
    assert moved("14-16 March 2019", 16) == "30 March-1 April 2019"
    assert moved("14 al 16 de marzo de 2019", 16, "es") == "30 de marzo al 1 de abril de 2019"


@pytest.mark.parametrize(
    "value", ["Christmas 2019", "13/40/2019", "February 30", "the 14th", "Q1 2019", "John", "3/14 John"]
)
def test_what_cannot_be_read_becomes_a_tag(value: str) -> None:
    replacer = Replacer(policy(), key=KEY)
    assert replacer.replace(*marked(f"on {{DATE_TIME:{value}}}."), subject="one") == "on [DATE_TIME]."


def test_day_and_month_are_told_apart_by_the_other_dates_of_a_text() -> None:
    dates = Dates([(0, "03/04/2019"), (20, "25/04/2019")], "en")
    assert dates.shifted(0, "03/04/2019", 1) == "04/04/2019"
    assert moved("03/04/2019", 1) == "03/05/2019"


def test_dates_with_stops_do_not_decide_for_dates_with_slashes() -> None:
    dates = Dates([(0, "03/04/2019"), (20, "25.04.2019")], "en")
    assert dates.shifted(0, "03/04/2019", 1) == "03/05/2019"


def test_a_date_without_a_year_is_counted_in_the_nearest_one() -> None:
    text = [(0, "12/30/2019"), (20, "2/28"), (30, "3/1")]  # of 2020, a leap year
    dates = Dates(text, "en")
    assert [dates.shifted(place, value, 1) for place, value in text] == ["12/31/2019", "2/29", "3/2"]


def test_a_text_without_years_is_a_year_that_follows_itself() -> None:
    assert moved("12/31", 1) == "1/01" or moved("12/31", 1) == "01/01"
    assert moved("2/28", 1) == "3/1"
    leap = Dates([(0, "2/28"), (10, "2/29")], "en")
    assert leap.shifted(0, "2/28", 1) == "2/29"
    assert leap.shifted(10, "2/29", 1) == "3/1"


def test_whole_weeks_keep_weekdays() -> None:
    shifts = {shift_of(Draw(KEY, subject=str(n)), 28, whole_weeks=True) for n in range(200)}
    assert shifts == {-28, -21, -14, -7, 7, 14, 21, 28}
    replacer = Replacer(policy("shift", whole_weeks=True), key=KEY)
    made = replacer.replace(*marked("{DATE_TIME:Monday, March 4, 2019}"), subject="one")
    assert made.startswith("Monday, ")
    assert made != "Monday, March 4, 2019"


def test_a_shift_is_never_nothing_and_covers_its_range() -> None:
    shifts = [shift_of(Draw(KEY, subject=str(number)), 7) for number in range(2_000)]
    assert set(shifts) == set(range(-7, 8)) - {0}


def test_dates_at_the_ends_of_the_calendar_become_tags() -> None:
    assert moved("12/31/9999", 1) is None
    assert moved("January 1, 1000", -365) == "January 1, 0999"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3/14/2019", "2019"),
        ("Mar '19", "2019"),
        ("03/14/45", "1945"),
        ("2018-12-30 to 2019-01-02", "2018-2019"),
        ("Christmas 2019", "2019"),
        ("March 3", "[DATE_TIME]"),
        ("10:30", "[DATE_TIME]"),
        ("Monday", "[DATE_TIME]"),
        ("two weeks ago", "two weeks ago"),
        ("2/1/1939", "[DATE_TIME]"),
        ("the 1930s", "[DATE_TIME]"),
    ],
)
def test_safe_harbor_keeps_the_year_alone(value: str, expected: str) -> None:
    replacer = Replacer(policy("year", oldest_year=1940))
    assert replacer.replace(*marked(f"{{DATE_TIME:{value}}}")) == expected


def test_a_finding_over_a_page_is_not_read() -> None:
    assert moved("3/14/2019 " * 100_000, 1) is None


def test_a_shift_that_differs_from_note_to_note_is_caught() -> None:
    replacer = Replacer(policy(), key=KEY)
    calls = iter(range(10**6))
    tally = surrogate_dates.measure(
        lambda text, spans, subject, language: replacer.replace(
            text, spans, subject=f"{subject}{next(calls)}", language=language
        ),
        5,
    )
    assert tally.wrong > 0


def test_a_shift_by_months_is_caught() -> None:
    def by_months(text: str, spans: object, subject: str, language: str) -> str:
        return "\n".join(f"Seen: {next_month(line.removeprefix('Seen: '))}" for line in text.split("\n"))

    def next_month(value: str) -> str:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return str(day.replace(day=min(day.day, 28), month=day.month % 12 + 1))

    assert surrogate_dates.measure(by_months, subjects=5).wrong > 0
