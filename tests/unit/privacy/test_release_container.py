"""The bundle's file: one form, and whatever else a ZIP archive may be is refused."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.release_samples import release

from fedaug.errors import ProtocolError
from fedaug.privacy.bundle import container
from fedaug.privacy.bundle.container import pack, unpack
from fedaug.privacy.canonical import digest
from fedaug.privacy.limits import LIMITS

FILES = {"card.json": b"{}", "ledger.json": b"[1]", "manifest.json": b"words\n" * 20}
REFUSED = "FA401: the file is no release bundle, or was changed since it was written; "


def archive(
    files: list[tuple[str, bytes]],
    *,
    compression: int = zipfile.ZIP_STORED,
    mode: int = 0o100644,
    date: tuple[int, int, int, int, int, int] = (1980, 1, 1, 0, 0, 0),
    comment: bytes = b"",
) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice
        with zipfile.ZipFile(buffer, "w", compression) as made:
            for name, content in files:
                entry = zipfile.ZipInfo(name, date)
                entry.create_system, entry.external_attr, entry.compress_type = 3, mode << 16, compression
                made.writestr(entry, content)
            made.comment = comment
    return buffer.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        unpack(data)
    return str(caught.value)


def test_what_is_packed_is_unpacked_and_any_program_opens_it() -> None:
    data = pack(FILES)
    assert unpack(data) == FILES
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert archive(sorted(FILES.items())) == data


def test_equal_files_give_equal_bytes_in_every_version_of_python() -> None:
    assert pack(dict(reversed(FILES.items()))) == pack(FILES)
    assert digest(pack(FILES)) == "85f78a353936587a4cf24ea8b9b45af2e9f8fb7d88a606c06f0eff4e99ca59c5"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "compressed": lambda: archive(sorted(FILES.items()), compression=zipfile.ZIP_DEFLATED),
    "a bomb": lambda: archive([("card.json", bytes(10**7))], compression=zipfile.ZIP_BZIP2),
    "a symbolic link": lambda: archive(sorted(FILES.items()), mode=0o120777),
    "executable": lambda: archive(sorted(FILES.items()), mode=0o100755),
    "another date": lambda: archive(sorted(FILES.items()), date=(2026, 1, 1, 0, 0, 0)),
    "a comment": lambda: archive(sorted(FILES.items()), comment=b"read me"),
    "out of order": lambda: archive(sorted(FILES.items(), reverse=True)),
    "a file twice": lambda: archive([("card.json", b"1"), ("card.json", b"2")]),
    "a file renamed": lambda: archive([("Card.json", b"1")]),
    "a path up": lambda: archive([("../card.json", b"1")]),
    "a path from the root": lambda: archive([("/etc/card.json", b"1")]),
    "a folder": lambda: archive([("card.json/", b"")]),
    "a drive": lambda: archive([("C:card.json", b"1")]),
    "a zero byte in a name": lambda: pack(FILES).replace(b"card.json", b"card.js\x00n"),
    "a name beyond ASCII": lambda: archive([("cärd.json", b"1")]),
    "a prefix": lambda: b"MZ" + pack(FILES),
    "a suffix": lambda: pack(FILES) + b"\n",
    "two archives": lambda: pack(FILES) + pack(FILES),
    "no file": lambda: b"",
    "an archive of nothing": lambda: b"PK\x05\x06" + bytes(17),
    "text": lambda: b'{"format": "fedaug-release/1"}',
    "a size beyond the end": lambda: pack(FILES)[:18] + struct.pack("<LL", 2**31, 2**31) + pack(FILES)[26:],
    "many entries": lambda: archive([(f"{number}.json", b"") for number in range(70_000)]),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_archive_in_another_form_is_refused(hostile: Callable[[], bytes]) -> None:
    assert refusal(hostile()).startswith(REFUSED)


def test_sizes_are_capped_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pack(FILES)
    monkeypatch.setattr(container, "LIMITS", replace(LIMITS, release_bundle_bytes=len(data) - 1))
    assert refusal(data).startswith("FA401: a release bundle is over the size limit; ")
    monkeypatch.setattr(container, "LIMITS", replace(LIMITS, release_file_bytes=100))
    assert refusal(data).startswith(REFUSED)
    with pytest.raises(ProtocolError, match=r"manifest\.json is over the size limit of a release bundle"):
        pack(FILES)
    with pytest.raises(ProtocolError, match="a file that has no place in it"):
        pack({"records.jsonl": b""})


def test_every_bit_flipped_and_every_cut_is_refused() -> None:
    data = pack(FILES)
    for at in range(len(data)):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            assert refusal(flipped).startswith(REFUSED), (at, bit)
        assert refusal(data[:at]).startswith(REFUSED), at


def test_every_50th_byte_of_a_whole_bundle_counts() -> None:
    data = release()
    for at in range(0, len(data), 50):
        assert refusal(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]).startswith(REFUSED), at


@given(st.binary(max_size=300), st.integers(0, 600), st.integers(0, 100))
def test_whatever_comes_only_our_error_escapes(junk: bytes, at: int, gone: int) -> None:
    data = pack(FILES)
    made = data[:at] + junk + data[at + gone :]
    if made != data:
        assert refusal(made).startswith("FA401: ")
    assert refusal(junk).startswith("FA401: ")
