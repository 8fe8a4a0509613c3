"""Reversible encryption: what was encrypted comes back, and nothing else does."""

import base64
from collections.abc import Callable

import pytest
from tests.surrogate_texts import marked, policy

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.deid.operators import Replacer, decrypt_text, encrypt
from fedaug.privacy.deid.operators.encrypt import count_tokens
from fedaug.privacy.deid.spans import Span

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
TEXT = "Seen {PERSON:John Smith} at {FACILITY:St. Mary’s}, dose {ID:10}."


def sealed(text: str = TEXT, *, key: bytes = KEY, subject: str | None = "one") -> str:
    return Replacer(policy("encrypt"), encryption_key=key).replace(*marked(text), subject=subject)


def refused(text: str, keys: bytes | list[bytes] = KEY, subject: str | None = "one") -> bool:
    try:
        decrypt_text(text, keys, subject=subject)
    except SealError as error:
        return error.code == "FA501" and "John" not in str(error)
    return False


@pytest.mark.parametrize("subject", ["one", None, ""])
def test_what_was_encrypted_comes_back_byte_for_byte(subject: str | None) -> None:
    text = "a {PERSON:Jo\u200bhn\x00 Smïth}[b] {DATE_TIME:3/14}{ID:}"
    made = sealed(text, subject=subject)
    assert "Smïth" not in made
    assert decrypt_text(made, KEY, subject=subject) == marked(text)[0]


def test_equal_values_do_not_look_equal_and_lengths_are_padded() -> None:
    one, other, longer = sealed("{PERSON:Ann} {PERSON:Ann} {PERSON:Bartholomew}").split()
    assert one != other
    assert len(one) == len(other) == len(longer)


def test_a_flipped_bit_is_refused() -> None:
    made = sealed()
    begin, end = made.index(".") + 1, made.index("]")
    content = bytearray(base64.urlsafe_b64decode(made[begin:end] + "=" * (-(end - begin) % 4)))
    for place in range(len(content)):
        changed = bytes(content[:place]) + bytes([content[place] ^ 1]) + bytes(content[place + 1 :])
        token = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        assert refused(made[:begin] + token + made[end:])


CHANGES: dict[str, Callable[[str], str]] = {
    "another type": lambda text: text.replace("[PERSON:", "[FACILITY:"),
    "cut short": lambda text: text.replace("]", "", 1),
    "emptied": lambda text: f"{text[: text.index('.') + 1]}]",
    "another key's name": lambda text: text.replace(":enc:", ":enc:0", 1),
    "padding added": lambda text: text.replace("]", "=]", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_token_is_refused(change: str) -> None:
    made = sealed()
    changed = CHANGES[change](made)
    assert changed != made
    assert refused(changed)


def test_a_foreign_subject_is_refused() -> None:
    assert refused(sealed(), subject="two")
    assert refused(sealed(), subject=None)
    assert refused(sealed(subject=None), subject="")


def test_a_token_of_another_text_of_the_subject_can_be_read() -> None:
    assert decrypt_text(f"Moved: {sealed('{PERSON:Ann}')}", KEY, subject="one") == "Moved: Ann"


def test_a_rotated_key_is_found_by_its_name() -> None:
    old, new = sealed(), sealed(key=OTHER)
    assert decrypt_text(f"{old} {new}", [OTHER, KEY], subject="one") == f"{marked(TEXT)[0]} {marked(TEXT)[0]}"
    assert refused(old, OTHER)


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: an encryption key is not 32 bytes"):
        decrypt_text("x", bytes(16))


def test_text_without_tokens_is_itself() -> None:
    assert decrypt_text("[PERSON] [x] enc:", KEY) == "[PERSON] [x] enc:"


def test_encryption_that_binds_no_type_and_subject_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypt, "_bound", lambda name, entity_type, subject: b"")
    made = sealed()
    assert not refused(made, subject="two")  # the defect lets it pass, so the tests above would fail
    assert not refused(made.replace("[PERSON:", "[FACILITY:"))


REASONS = {
    "another key": (lambda: decrypt_text(sealed(), OTHER, subject="one"), "another key"),
    "no subject wanted": (lambda: decrypt_text(sealed(subject=None), KEY, subject="one"), "without a subject"),
    "another subject": (lambda: decrypt_text(sealed(), KEY, subject="two"), "changed, or was made for another subject"),
    "no subject given": (lambda: decrypt_text(sealed(), KEY), "changed, or was made for another subject"),
    "cut short": (lambda: decrypt_text(sealed().replace("]", "", 1), KEY, subject="one"), "damaged"),
}


@pytest.mark.parametrize("kind", REASONS)
def test_the_reason_is_told(kind: str) -> None:
    decrypt, reason = REASONS[kind]
    with pytest.raises(SealError, match=reason):
        decrypt()


def test_what_a_record_is_called_is_not_bound() -> None:
    made = Replacer(policy("encrypt"), encryption_key=KEY).replace(*marked(TEXT), record="a name drawn for")
    assert decrypt_text(made, KEY) == marked(TEXT)[0]


def test_an_age_with_something_else_merged_in_comes_back_too() -> None:
    spans = [Span(0, 6, "AGE", 1.0), Span(4, 9, "PERSON", 0.5)]
    made = Replacer(policy("encrypt"), encryption_key=KEY).replace("aged 93 Ann", spans)
    assert "aged" not in made
    assert decrypt_text(made, KEY) == "aged 93 Ann"


def test_tokens_are_counted() -> None:
    assert count_tokens(sealed()) == 3
    assert count_tokens("[PERSON] none") == 0
