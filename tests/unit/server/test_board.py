"""The candidates on the table: what goes back to which."""

from __future__ import annotations

import numpy as np

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.server.board import Board
from fedaug.strategies.class_statistics import Teacher


def made(text: str, *parents: Candidate) -> Candidate:
    return Candidate(text, "splice", "", "a", tuple(one.sample_id for one in parents), Dependence.DP)


def test_descendants_are_all_that_goes_back_to_a_candidate_however_far() -> None:
    offered, other = made("offered"), made("other")
    child, stranger = made("child", other, offered), made("stranger", other)
    grandchild = made("grandchild", child)
    board = Board(1, Teacher(np.ones((1, 1))))
    board.add([offered, other], np.ones((2, 1), np.float32), 0)
    board.add([child, stranger], np.ones((2, 1), np.float32), 1)
    board.add([grandchild], np.ones((1, 1), np.float32), 2)
    assert board.descendants([offered.sample_id]) == {one.sample_id for one in (offered, child, grandchild)}
    assert board.descendants([]) == set()
