import hashlib
from importlib.metadata import EntryPoint

import pytest

from fedaug.augmentation.candidates import Belief, Candidate, Dependence, believed, most_private
from fedaug.augmentation.registry import GENERATORS, load_plugin, plugin_names
from fedaug.errors import BadNumber, UnknownLabel, UnknownPlugin


def test_an_id_is_the_hash_of_the_text_alone() -> None:
    one = Candidate("a text", "x", "y")
    other = Candidate("a text", "z", "w", "label", ("p",), Dependence.DP)
    assert one.sample_id == other.sample_id == hashlib.sha256(b"a text").hexdigest()


def test_a_repr_shows_no_text() -> None:
    assert "secret" not in repr(Candidate("a secret", "x", "y"))


@pytest.mark.parametrize("reads", list(Dependence))
def test_the_most_private_mark_wins(reads: Dependence) -> None:
    parents = [Candidate("a", "x", "y"), Candidate("b", "x", "y", dependence=Dependence.DP)]
    assert most_private(reads, parents) == max(reads, Dependence.DP)
    assert most_private(reads, []) == reads


def test_a_soft_label_is_ordered_and_normalised_and_its_crumbs_left_out() -> None:
    assert believed({"b": 1.0, "a": 1.0, "c": 2.0, "d": 0.0, "e": 1e-9}) == (("c", 0.5), ("a", 0.25), ("b", 0.25))
    assert believed({"a": 1e-300, "b": 0.0}) == (("a", 1.0),)


@pytest.mark.parametrize("shares", [{}, {"a": 0.0}, {"a": -1.0, "b": 3.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_a_soft_label_that_is_none_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(BadNumber, match="FA207"):
        believed(shares)


def test_a_candidate_says_what_it_may_be_trained_on() -> None:
    soft = Candidate("a", "x", "y", "one", belief=believed({"one": 3.0, "two": 1.0}))
    assert (soft.confidence, soft.weighted_labels) == (0.75, (("one", 0.75), ("two", 0.25)))
    certain, none = Candidate("a", "x", "y", "one"), Candidate("a", "x", "y")
    assert (certain.confidence, certain.weighted_labels) == (1.0, (("one", 1.0),))
    assert (none.confidence, none.weighted_labels) == (0.0, ())


@pytest.mark.parametrize(
    ("label", "belief"),
    [
        ("two", (("one", 0.75), ("two", 0.25))),
        (None, (("one", 1.0),)),
        ("one", (("one", 0.4), ("two", 0.6))),
        ("one", (("one", 0.5), ("one", 0.5))),
    ],
)
def test_a_soft_label_fits_the_label_beside_it(label: str | None, belief: Belief) -> None:
    with pytest.raises(UnknownLabel, match="FA206: a soft label does not fit"):
        Candidate("a", "x", "y", label, belief=belief)


@pytest.mark.parametrize("share", [0.0, -0.5, 0.3, float("nan"), float("inf")])
def test_shares_of_belief_sum_to_one(share: float) -> None:
    with pytest.raises(BadNumber, match="FA207: the shares of a soft label"):
        Candidate("a", "x", "y", "one", belief=(("one", 0.5), ("two", share)))


def _installed(*values: str) -> list[EntryPoint]:
    return [EntryPoint("mine", value, GENERATORS) for value in values]


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownPlugin, match=r"FA103: no plug-in of .* 'yours'; use one of these: mine"):
        load_plugin(GENERATORS, "yours", installed=lambda _: _installed("json:loads"))


def test_names_are_listed_in_order_and_once() -> None:
    twice = [EntryPoint(name, "json:loads", GENERATORS) for name in ("b", "a", "b")]
    assert plugin_names(GENERATORS, installed=lambda _: twice) == ["a", "b"]


def test_two_packages_with_one_name_are_refused() -> None:
    with pytest.raises(UnknownPlugin, match="two packages offer"):
        load_plugin(GENERATORS, "mine", installed=lambda _: _installed("json:loads", "json:dumps"))


@pytest.mark.parametrize("value", ["no_such_module:X", "json:NoSuchName"])
def test_a_plug_in_that_cannot_be_imported_is_named(value: str) -> None:
    with pytest.raises(UnknownPlugin, match=r"'mine' of .* cannot be imported"):
        load_plugin(GENERATORS, "mine", installed=lambda _: _installed(value))
