import hashlib
from importlib.metadata import EntryPoint

import pytest

from fedaug.augmentation.candidates import Candidate, Dependence, most_private
from fedaug.augmentation.registry import GENERATORS, load_plugin, plugin_names
from fedaug.errors import UnknownPlugin


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
