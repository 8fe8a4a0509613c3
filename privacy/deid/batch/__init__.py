"""Whole files: read, de-identified record by record, and written in the same format; goes on where it was cut off."""

from fedaug.privacy.deid.batch.decrypt import decrypt_file
from fedaug.privacy.deid.batch.formats import Row, delimiter_of, open_source
from fedaug.privacy.deid.batch.job import Job, Totals, run
from fedaug.privacy.deid.batch.key_file import Keys, make_key_file, read_key_file
from fedaug.privacy.deid.batch.output import is_begun, require_another, require_output
from fedaug.privacy.deid.batch.plan import Columns

__all__ = [
    "Columns",
    "Job",
    "Keys",
    "Row",
    "Totals",
    "decrypt_file",
    "delimiter_of",
    "is_begun",
    "make_key_file",
    "open_source",
    "read_key_file",
    "require_another",
    "require_output",
    "run",
]
