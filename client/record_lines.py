"""One record as one line of JSON: how sealed files hold records."""

from __future__ import annotations

import json

from fedaug.client.records import Provenance, Record


def encode_record(record: Record) -> bytes:
    """A record's line, its end included."""
    source = record.provenance
    values = (
        record.record_id,
        record.subject_id,
        record.text,
        record.label,
        source.source,
        source.row,
        dict(record.attributes),
    )
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode_record(line: bytes) -> Record:
    """The record of a line, with or without its end."""
    record_id, subject_id, text, label, source, row, attributes = json.loads(line)
    return Record(record_id, subject_id, text, label, Provenance(source, row), attributes)
