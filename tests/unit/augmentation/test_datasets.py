import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from fedaug.augmentation import datasets
from fedaug.augmentation.datasets import DataSet, PublicFile, data_folder, fetch, find
from fedaug.errors import DamagedDownload, DataNotFound, DownloadFailed, UnknownDataSet

CONTENT = bytes(range(256)) * 600
FILE = PublicFile(
    name="train.csv", path="deep/the train.csv", size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()
)


@pytest.fixture(autouse=True)
def _one_set(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "small": DataSet(title="t", licence="l", role="corpus", repository="o/r", commit="c0", files=(FILE,)),
        "local": DataSet(title="t", licence="l", role="corpus", repository="", commit="", files=()),
    }
    monkeypatch.setattr(datasets, "catalogue", lambda: known)


def _client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def test_a_file_comes_from_its_pinned_commit_and_lands_whole(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=CONTENT)

    seen: list[tuple[str, int, int]] = []
    with _client(answer) as client:
        folder = fetch("small", tmp_path, client, lambda *report: seen.append(report))
        fetch("small", tmp_path, client)
    assert asked == ["https://raw.githubusercontent.com/o/r/c0/deep/the%20train.csv"]
    assert (folder / "train.csv").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["train.csv"]
    assert seen[-1] == ("train.csv", len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (CONTENT[:-1], "cut short"),
        (b"", "cut short"),
        (CONTENT[:-1] + b"!", "not the published file"),
        (CONTENT + b"!", "not the published file"),
    ],
)
def test_an_altered_or_truncated_file_is_refused(tmp_path: Path, body: bytes, what: str) -> None:
    with _client(lambda _: httpx.Response(200, content=body)) as client, pytest.raises(DamagedDownload, match=what):
        fetch("small", tmp_path, client)
    assert not (tmp_path / "small" / "train.csv").exists()


def test_a_damaged_file_that_is_here_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "train.csv").write_bytes(CONTENT[::-1])
    with _client(lambda _: httpx.Response(200, content=CONTENT)) as client:
        fetch("small", tmp_path, client)
    assert (tmp_path / "small" / "train.csv").read_bytes() == CONTENT


def test_a_broken_off_download_is_continued_where_it_broke(tmp_path: Path) -> None:
    ranges: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ranges.append(request.headers.get("Range"))
        if len(ranges) == 1:
            return httpx.Response(200, content=CONTENT[:1000])
        return httpx.Response(
            206, content=CONTENT[1000:], headers={"Content-Range": f"bytes 1000-{len(CONTENT) - 1}/{len(CONTENT)}"}
        )

    with _client(answer) as client:
        with pytest.raises(DamagedDownload, match="cut short at 1000 of"):
            fetch("small", tmp_path, client)
        fetch("small", tmp_path, client)
    assert ranges == [None, "bytes=1000-"]
    assert (tmp_path / "small" / "train.csv").read_bytes() == CONTENT


def test_a_server_that_does_not_continue_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "train.csv.part").write_bytes(b"something else")
    with _client(lambda _: httpx.Response(200, content=CONTENT)) as client:
        fetch("small", tmp_path, client)
    assert (tmp_path / "small" / "train.csv").read_bytes() == CONTENT


def test_a_range_other_than_the_one_asked_for_is_not_appended(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "train.csv.part").write_bytes(CONTENT[:1000])
    wrong = httpx.Response(206, content=CONTENT[500:], headers={"Content-Range": "bytes 500-1/2"})
    with _client(lambda _: wrong) as client, pytest.raises(DamagedDownload, match="cut short"):
        fetch("small", tmp_path, client)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_origin_that_gives_nothing_is_told(tmp_path: Path, status: int) -> None:
    with _client(lambda _: httpx.Response(status)) as client, pytest.raises(DownloadFailed, match="HTTPStatusError"):
        fetch("small", tmp_path, client)


def test_no_network_is_told(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    with _client(answer) as client, pytest.raises(DownloadFailed, match="could not be downloaded"):
        fetch("small", tmp_path, client)


def test_what_has_no_files_is_not_fetched(tmp_path: Path) -> None:
    with _client(lambda _: httpx.Response(200)) as client:
        with pytest.raises(UnknownDataSet, match="not published as files"):
            fetch("local", tmp_path, client)
        with pytest.raises(UnknownDataSet, match="use one of these: local, small"):
            fetch("other", tmp_path, client)


class _BreaksOnce(BaseHTTPRequestHandler):
    """Promises the whole file, sends a part and hangs up; the second time it honours the range."""

    broken = False

    def do_GET(self) -> None:
        start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if "Range" in self.headers else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        stop = len(CONTENT) if type(self).broken else 100_000
        type(self).broken = True
        self.wfile.write(CONTENT[start:stop])

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    _BreaksOnce.broken = False
    with ThreadingHTTPServer(("127.0.0.1", 0), _BreaksOnce) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}/file"
        running.shutdown()
        thread.join()


def test_over_a_real_line_that_breaks(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DataSet, "url", lambda *_: server)
    with httpx.Client(trust_env=False) as client:
        with pytest.raises(DamagedDownload, match=f"cut short at 100000 of {len(CONTENT)}"):
            fetch("small", tmp_path, client)
        assert not (tmp_path / "small" / "train.csv").exists()
        fetch("small", tmp_path, client)
    assert (tmp_path / "small" / "train.csv").read_bytes() == CONTENT


def test_a_set_is_found_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "small").mkdir(parents=True)
    (tmp_path / "one" / "small" / "train.csv.part").write_bytes(b"x")
    (tmp_path / "two" / "small" / "train.csv").write_bytes(b"x")
    assert find("small", [tmp_path / "zero", tmp_path / "one", tmp_path / "two"]) == tmp_path / "two" / "small"


def test_a_set_that_is_nowhere_names_the_command_and_the_folders(tmp_path: Path) -> None:
    with pytest.raises(DataNotFound, match=r"fedaug data fetch small") as caught:
        find("small", [tmp_path / "one", tmp_path / "two"])
    assert str(tmp_path / "one" / "small") in str(caught.value)
    assert str(tmp_path / "two" / "small") in str(caught.value)
    with pytest.raises(DataNotFound, match="put its files into one of these folders"):
        find("local", [tmp_path])


def test_the_folder_is_what_the_variable_says() -> None:
    assert data_folder({"FEDAUG_DATA": "/some/where"}) == Path("/some/where")
    assert data_folder({}).name == "data"
    assert data_folder({"FEDAUG_DATA": ""}) == data_folder({})
