"""A long text is read in pieces, and no identifier is lost between two."""

import itertools

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.chunks import CHUNK_CHARS, OVERLAP_CHARS, chunked


def test_pieces_cover_the_text_and_overlap() -> None:
    text = "".join(f"word{number} " for number in range(12_000))
    pieces = list(chunked(text))
    assert len(pieces) > 4
    for (start, piece), (following, _) in itertools.pairwise(pieces):
        assert text[start : start + len(piece)] == piece
        assert len(piece) <= CHUNK_CHARS
        assert OVERLAP_CHARS // 2 <= start + len(piece) - following <= OVERLAP_CHARS
        assert text[following - 1] == " "
    assert pieces[-1][0] + len(pieces[-1][1]) == len(text)


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    text = "x" * (3 * CHUNK_CHARS)
    assert max(len(piece) for _, piece in chunked(text)) == CHUNK_CHARS
    assert {start + len(piece) for start, piece in chunked(text)} >= {len(text)}


def test_an_identifier_at_every_place_of_a_long_text_is_found() -> None:
    number, filler = "219-09-9999", "all is well here and so on "
    text = "".join(f"{filler}ssn {number} " for _ in range(1_500))
    assert len(text) > 3 * CHUNK_CHARS
    left = Deidentifier(neural=False).deidentify(text)
    assert number not in left
    assert left.count("[US_SSN]") == 1_500
