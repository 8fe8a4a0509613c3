"""Columns beside the text: each is treated as the policy says, and values are looked for in the text."""

from __future__ import annotations

import copy

import pytest
from pydantic import ValidationError

from fedaug.privacy.deid.columns import ColumnPolicy, Value
from fedaug.privacy.deid.document import Known

SECRET = "Mrs Quimby"
ROW: dict[str, Value] = {
    "name": " Ann Lee ",
    "age": 93.0,
    "ward": "3B",
    "room": "12",
    "comment": "Call Ann Lee.",
    "missing": None,
    "empty": "",
}


def policy(other_columns: str = "drop", **columns: object) -> ColumnPolicy:
    return ColumnPolicy.model_validate({"columns": columns, "other_columns": other_columns})


def tagged(value: str, entity_type: str) -> str:
    return f"{value}>{entity_type}"


def test_each_column_gets_what_the_policy_says() -> None:
    kept = policy(name="PERSON", age="AGE", ward="keep", room="drop").applied(ROW, tagged)
    assert kept == {"name": "Ann Lee>PERSON", "age": "93>AGE", "ward": "3B"}


def test_the_row_that_came_in_is_not_changed() -> None:
    before = copy.deepcopy(ROW)
    policy(name="PERSON", comment="text").applied(ROW, tagged, {"comment": "Call [PERSON]."})
    assert before == ROW


def test_a_column_that_nobody_names_is_dropped() -> None:
    assert policy().applied(ROW, tagged) == {}


def test_a_column_that_nobody_names_stays_where_the_site_says_so() -> None:
    assert policy("keep", name="PERSON").applied(ROW, tagged) == ROW | {"name": "Ann Lee>PERSON"}


def test_free_text_is_neither_wiped_nor_treated_as_one_value() -> None:
    found = policy(comment="text")
    assert list(found.texts(ROW)) == [("comment", "Call Ann Lee.")]
    assert found.applied(ROW, tagged, {"comment": "Call [PERSON]."}) == {"comment": "Call [PERSON]."}


def test_free_text_that_was_not_de_identified_is_left_out() -> None:
    assert policy(comment="text").applied(ROW, tagged) == {}


def test_missing_and_empty_cells_stay_as_they_are() -> None:
    found = policy(missing="PERSON", empty="text")
    assert found.applied(ROW, tagged) == {"missing": None, "empty": ""}
    assert list(found.texts(ROW)) == []
    assert found.known(ROW) == ()


def test_a_value_of_a_type_is_looked_for_in_the_text() -> None:
    assert policy(name="PERSON", ward="keep").known(ROW) == (Known("Ann Lee", "PERSON"),)


def test_whether_a_value_is_looked_for_can_be_said() -> None:
    found = policy(
        name={"action": "replace", "entity_type": "PERSON", "look_for": False},
        ward={"action": "keep", "entity_type": "FACILITY"},
        room={"action": "drop", "entity_type": "ID"},
    )
    assert found.known(ROW) == (Known("3B", "FACILITY"), Known("12", "ID"))
    assert found.applied(ROW, tagged) == {"name": "Ann Lee>PERSON", "ward": "3B"}


def test_a_number_is_looked_for_as_texts_write_it() -> None:
    assert policy(record="MEDICAL_RECORD_NUMBER").known({"record": 482911.0}) == (
        Known("482911", "MEDICAL_RECORD_NUMBER"),
    )


@pytest.mark.parametrize("value", ["A", "", "  ", "x" * 501, None])
def test_a_value_too_short_or_too_long_to_mean_anything_is_not_looked_for(value: str | None) -> None:
    assert policy(name="PERSON").known({"name": value}) == ()


def test_a_column_that_is_not_there_is_no_error() -> None:
    assert policy(name="PERSON").known({}) == ()
    assert policy(name="PERSON").applied({}, tagged) == {}


@pytest.mark.parametrize(
    ("choice", "clue"),
    [
        ({"action": "replace"}, "needs entity_type"),
        ({"action": "keep", "look_for": True}, "needs entity_type"),
        ({"action": "text", "entity_type": "PERSON"}, "no entity_type of its own"),
        ({"action": SECRET}, "keep"),
        (SECRET, "pattern"),
        ("person", "pattern"),
        ({"action": "keep", "loook_for": True}, "not permitted"),
        ({"action": "keep", "entity_type": "PERSON", "look_for": 1}, "boolean"),
        (3, "dictionary"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused_without_its_value(choice: object, clue: str) -> None:
    with pytest.raises(ValidationError, match=clue) as raised:
        policy(name=choice)
    assert SECRET not in str(raised.value)


def test_what_happens_to_other_columns_is_keep_or_drop() -> None:
    with pytest.raises(ValidationError, match="other_columns"):
        policy("wipe")
