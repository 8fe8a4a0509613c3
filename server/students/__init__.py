"""What is trained on the pool: each student a plug-in of the entry-point group ``fedaug.students``."""

from fedaug.server.students.encoder import EncoderStudent
from fedaug.server.students.evaluate import Evaluation, LabelScore, evaluate
from fedaug.server.students.linear import LinearStudent
from fedaug.server.students.student import STUDENTS, Student, load_student

__all__ = [
    "STUDENTS",
    "EncoderStudent",
    "Evaluation",
    "LabelScore",
    "LinearStudent",
    "Student",
    "evaluate",
    "load_student",
]
