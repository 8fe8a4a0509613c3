"""Records and their streaming readers: CSV, JSONL and Parquet in memory that does not grow with the file."""

from fedaug.client.records.readers import read_records
from fedaug.client.records.record import Provenance, Record
from fedaug.client.records.report import BadRow, RowReport
from fedaug.client.records.schema import ColumnMap, LabelType, OnBadRow, SourceFormat

__all__ = [
    "BadRow",
    "ColumnMap",
    "LabelType",
    "OnBadRow",
    "Provenance",
    "Record",
    "RowReport",
    "SourceFormat",
    "read_records",
]
