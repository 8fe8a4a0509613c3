"""Whole files: read, de-identified record by record, and written in the same format; goes on where it was cut off."""

from fedaug.privacy.deid.batch.formats import Row, open_source
from fedaug.privacy.deid.batch.job import Job, Totals, run
from fedaug.privacy.deid.batch.key_file import Keys, make_key_file, read_key_file
from fedaug.privacy.deid.batch.plan import Columns

__all__ = ["Columns", "Job", "Keys", "Row", "Totals", "make_key_file", "open_source", "read_key_file", "run"]
