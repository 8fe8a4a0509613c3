"""The key: it hides, it decides, and nothing of it or of another subject follows from a table of surrogates."""

import hashlib

import pytest
from benchmarks import surrogate_people
from benchmarks.surrogate_people import FALSE_ALARM
from tests.seeded_noise import SeededNoise

from fedaug.errors import ConfigError
from fedaug.privacy.deid.surrogates import Draw, SurrogateKey

ONE, OTHER = (SurrogateKey.generate(SeededNoise(seed)) for seed in (1, 2))
NAMES = surrogate_people.surnames(400)


def test_a_key_shows_nothing_of_itself() -> None:
    secret = ONE.to_bytes()
    assert len(secret) == 32
    for shown in (repr(ONE), str(ONE), f"{ONE}", repr([ONE]), repr(Draw(ONE, subject="one"))):
        assert secret.hex() not in shown
        assert repr(secret) not in shown
    assert SurrogateKey(secret) == ONE != OTHER


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33), "x" * 32, None])
def test_a_key_of_another_size_is_refused(secret: bytes) -> None:
    with pytest.raises(ConfigError, match="FA101: a surrogate key is not 32 bytes"):
        SurrogateKey(secret)


def test_no_two_lists_of_parts_are_one_message() -> None:
    assert ONE.digest(b"ab", b"c") != ONE.digest(b"a", b"bc") != ONE.digest(b"abc")
    assert Draw(ONE, subject="a").bytes("name", "b") != Draw(ONE, subject="").bytes("name", "ab")
    assert Draw(ONE, subject=None, text="a").bytes("name", "b") != Draw(ONE, subject="a").bytes("name", "b")


def compare(one: SurrogateKey, other: SurrogateKey, subject: str, other_subject: str) -> surrogate_people.Coincidence:
    return surrogate_people.coincidence(
        NAMES,
        surrogate_people.names_of(one, subject, NAMES),
        surrogate_people.names_of(other, other_subject, NAMES),
    )


def test_two_sites_agree_no_more_than_by_chance() -> None:
    assert compare(ONE, OTHER, "s", "s").chance > FALSE_ALARM
    assert surrogate_people.shift_coincidence(ONE, OTHER, 2_000, 30).chance > FALSE_ALARM


def test_a_table_of_one_subject_does_not_predict_anothers() -> None:
    assert compare(ONE, ONE, "s", "t").chance > FALSE_ALARM


def test_initials_of_one_subject_do_not_predict_anothers() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    equal = sum(
        Draw(ONE, subject=f"s{number}").initial(letter) == Draw(ONE, subject=f"t{number}").initial(letter)
        for number in range(100)
        for letter in letters
    )
    # 2,600 trials at 1/11 or 1/12, mean 224, deviation 14; six deviations: false alarm below 2e-9.
    assert 140 < equal < 308


class Unkeyed(SurrogateKey):
    """The seeded defect: a hash that anybody can compute."""

    def digest(self, *parts: bytes) -> bytes:
        return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


class Subjectless(SurrogateKey):
    """The seeded defect: a derivation that forgets whose value it is."""

    def digest(self, *parts: bytes) -> bytes:
        kind, _, *rest = parts
        return super().digest(kind, *rest)


def test_an_unkeyed_hash_is_caught() -> None:
    one, other = (Unkeyed(key.to_bytes()) for key in (ONE, OTHER))
    assert compare(one, other, "s", "s").chance < FALSE_ALARM
    assert surrogate_people.shift_coincidence(one, other, 2_000, 30).chance < FALSE_ALARM


def test_a_derivation_without_the_subject_is_caught() -> None:
    assert compare(Subjectless(ONE.to_bytes()), Subjectless(ONE.to_bytes()), "s", "t").chance < FALSE_ALARM
