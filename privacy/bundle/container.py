"""The bundle's file: a ZIP archive in the one form that it has, so that nothing can hide between its parts.

Any program opens it. This reader takes only what :func:`pack` writes, byte for byte: names of a closed set, sorted,
stored without compression, of one date and one mode, without comment. So there is no path to leave a folder by, no
link, no second entry of one name, nothing that grows when it is unpacked, and equal contents give equal bytes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Final

from fedaug.errors import ProtocolError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import ASK_AGAIN

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature.json"
STATEMENT: Final = "privacy_statement.json"
STATEMENT_PAGE: Final = "privacy_statement.html"
REPORT: Final = "report.json"
REPORT_PAGE: Final = "report.html"
CARD: Final = "card.json"
LEDGER: Final = "ledger.json"
LOG: Final = "log-bundle.json"
ENROLMENT: Final = "enrolment.json"
SAMPLES: Final = "samples.jsonl"

#: What the manifest lists and every bundle holds.
NEEDED: Final = frozenset({STATEMENT, STATEMENT_PAGE, CARD, LEDGER, LOG, ENROLMENT})
#: A campaign without held-out texts has no report; samples go along only where they are asked for.
OPTIONAL: Final = frozenset({REPORT, REPORT_PAGE, SAMPLES})
_NAMES: Final = NEEDED | OPTIONAL | {MANIFEST, SIGNATURE}

#: Signature, four fields that :func:`pack` fixes, CRC, both sizes, the lengths of name and extra field (APPNOTE 4.3.7).
_LOCAL: Final = struct.Struct("<4s10xLLLHH")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first that ZIP can say; when a bundle was made, its manifest says
_UNIX: Final = 3
_MODE: Final = 0o100644  # a plain file


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files. Equal files give equal bytes.

    Raises:
        ProtocolError: A name is not one of a bundle's, or a file or the whole is over the size limit.
    """
    for name, content in files.items():
        if name not in _NAMES:
            raise ProtocolError("a release bundle was to hold a file that has no place in it", "leave the file out")
        if len(content) > LIMITS.release_file_bytes:
            raise ProtocolError(f"{name} is over the size limit of a release bundle", "release less at once")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = _UNIX, _MODE << 16
            archive.writestr(entry, files[name])
    if buffer.tell() > LIMITS.release_bundle_bytes:
        raise ProtocolError("a release bundle is over the size limit", "release less at once")
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of an archive of untrusted origin, by name. What they say is not looked at.

    Raises:
        ProtocolError: The bytes are too many, or not what :func:`pack` makes of any files.
    """
    if len(data) > LIMITS.release_bundle_bytes:
        raise ProtocolError("a release bundle is over the size limit", ASK_AGAIN)
    files: dict[str, bytes] = {}
    at = 0
    # Names are of a closed set and none comes twice, so this ends after a few.
    while data[at : at + 4] == _LOCAL_MAGIC and len(data) - at >= _LOCAL.size:
        _, _, _, size, name_size, _ = _LOCAL.unpack_from(data, at)
        start = at + _LOCAL.size + name_size
        name = data[at + _LOCAL.size : start].decode("ascii", "replace")
        if name not in _NAMES or name in files or size > min(LIMITS.release_file_bytes, len(data) - start):
            raise _malformed()
        files[name] = data[start : start + size]
        at = start + size
    if pack(files) != data:  # checksums, the directory at the end, flags, order, and whatever lies between
        raise _malformed()
    return files


def _malformed() -> ProtocolError:
    return ProtocolError("the file is no release bundle, or was changed since it was written", ASK_AGAIN)
