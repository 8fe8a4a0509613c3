"""Public data sets: which there are, where they come from, how they get onto this machine and where they lie."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
from platformdirs import user_cache_dir
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fedaug.errors import DamagedDownload, DataNotFound, DownloadFailed, UnknownDataSet

FOLDER_VARIABLE = "FEDAUG_DATA"

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that are here and the bytes that it has."""


class PublicFile(BaseModel):
    """One published file.

    Args:
        name: File name on this machine.
        path: Path inside the repository, at the pinned commit.
        size: Bytes.
        sha256: SHA-256 in hex, whole (64 digits) or its first 16 digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    path: str
    size: int = Field(gt=0)
    sha256: str = Field(pattern=r"^([0-9a-f]{16}|[0-9a-f]{64})$")


class DataSet(BaseModel):
    """One public data set; ``files`` is empty where it has no form that can be downloaded file by file.

    Of one that plays private records, those that ``evaluation`` names do not: they may be named to keep candidates
    clear of them, and are no candidates either.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    title: str
    licence: str
    role: Literal["corpus", "records"]
    repository: str
    commit: str
    files: tuple[PublicFile, ...]
    evaluation: tuple[str, ...] = ()

    def url(self, file: PublicFile) -> str:
        """Address of the file at the pinned commit."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{quote(file.path)}"


def catalogue() -> Mapping[str, DataSet]:
    """Every data set that is known, by name."""
    text = package_files("fedaug.augmentation").joinpath("public_sets.toml").read_text("utf-8")
    return TypeAdapter(dict[str, DataSet]).validate_python(tomllib.loads(text))


def data_set(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        UnknownDataSet: There is none.
    """
    known = catalogue()
    if name not in known:
        raise UnknownDataSet(f"no data set is called {name!r}", "use one of these: " + ", ".join(sorted(known)))
    return known[name]


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where data sets are kept: ``$FEDAUG_DATA``, else the user's cache folder."""
    chosen = environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else Path(user_cache_dir("fedaug")) / "data"


def find(name: str, search: Sequence[Path]) -> Path:
    """The folder of a data set: the first of ``search`` that has a folder of that name with a file in it.

    Files are not hashed here: a user may keep a part of a set only, or its test split away.

    Raises:
        UnknownDataSet: No data set has that name.
        DataNotFound: None of the folders has it.
    """
    wanted = data_set(name)
    for folder in search:
        if (folder / name).is_dir() and any(_is_data(path) for path in (folder / name).iterdir()):
            return folder / name
    looked = ", ".join(str(folder / name) for folder in search) or "no folder"
    todo = f"run `fedaug data fetch {name}`" if wanted.files else "put its files into one of these folders"
    raise DataNotFound(f"the data set {name} is not on this machine (looked in: {looked})", todo)


def _is_data(path: Path) -> bool:
    return path.is_file() and path.suffix != ".part"


def _ignore(name: str, here: int, size: int) -> None:
    """No progress is shown."""


def fetch(name: str, folder: Path, client: httpx.Client, progress: Progress = _ignore) -> Path:
    """Download a data set's files into ``folder/name``; files that are here and whole are left as they are.

    A file appears under its name only when size and hash are right. What had arrived when the line broke is kept as
    ``NAME.part``, and the next call continues there.

    Args:
        name: Name in the catalogue.
        folder: Folder of data sets; made if it is not there.
        client: HTTP client; its timeouts and proxies hold.
        progress: Told about every block that arrived.

    Returns:
        The data set's folder.

    Raises:
        UnknownDataSet: No data set has that name, or it has no file to download.
        DownloadFailed: The origin cannot be reached or does not give the file.
        DamagedDownload: A file is cut short or its bytes are not the published ones.
    """
    wanted = data_set(name)
    if not wanted.files:
        raise UnknownDataSet(
            f"{name} is not published as files that can be fetched", f"put its files into {folder / name}"
        )
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for file in wanted.files:
        if _is_whole(target / file.name, file):
            progress(file.name, file.size, file.size)
        else:
            _fetch_file(wanted.url(file), target / file.name, file, client, progress)
    return target


def _is_whole(path: Path, file: PublicFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest().startswith(file.sha256)


def _fetch_file(url: str, path: Path, file: PublicFile, client: httpx.Client, progress: Progress) -> None:
    part = path.with_name(path.name + ".part")
    try:
        _download(url, part, file, client, progress)
    except httpx.HTTPError as cause:
        raise DownloadFailed(
            f"{file.name} could not be downloaded ({type(cause).__name__})",
            "check the network and run the command again",
        ) from cause
    size = part.stat().st_size
    if size < file.size:
        raise DamagedDownload(
            f"{file.name} was cut short at {size} of {file.size} bytes", "run the command again to continue"
        )
    # The file on disk is hashed, not the stream: whatever wrote there meanwhile is noticed too.
    if not _is_whole(part, file):
        part.unlink()
        raise DamagedDownload(
            f"{file.name} is not the published file: size or hash differ",
            "run the command again; if it stays, report it",
        )
    part.replace(path)


def _download(url: str, part: Path, file: PublicFile, client: httpx.Client, progress: Progress) -> None:
    """Append to ``part`` what is missing, or start it anew where the server does not continue."""
    here = part.stat().st_size if part.exists() else 0
    if here >= file.size:
        part.unlink()
        here = 0
    # Compressed transfer would make a byte range mean something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={here}-"} if here else {})
    with client.stream("GET", url, headers=headers, follow_redirects=True) as response:
        response.raise_for_status()
        continues = response.status_code == httpx.codes.PARTIAL_CONTENT and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {here}-")
        if not continues:
            here = 0
        with part.open("ab" if continues else "wb") as stream:
            for block in _blocks(response):
                stream.write(block)
                here += len(block)
                progress(file.name, min(here, file.size), file.size)
                if here > file.size:
                    break  # too long: the caller sees the wrong size, and no endless stream fills the disk


def _blocks(response: httpx.Response) -> Iterator[bytes]:
    try:
        # As they arrive: a block of a fixed size would be lost with the line while it is filled.
        yield from response.iter_bytes()
    except httpx.RemoteProtocolError:
        return  # the line broke: what arrived is kept, and the size says that it was cut short
