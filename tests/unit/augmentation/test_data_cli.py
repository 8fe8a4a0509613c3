import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from fedaug import data_cli


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(data_cli.app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_list_says_what_is_here(tmp_path: Path) -> None:
    (tmp_path / "clinc150").mkdir()
    (tmp_path / "clinc150" / "data_full.json").write_text("{}", "utf-8")
    code, out, _ = _run("list", "--json", "--folder", str(tmp_path))
    rows = json.loads(out)
    assert code == 0
    assert rows["clinc150"]["folder"] == str(tmp_path / "clinc150")
    assert rows["banking77"]["folder"] is None
    _, out, _ = _run("list", "--folder", str(tmp_path))
    assert "banking77" in out
    assert "not here" in out


def test_an_unknown_name_is_told_before_anything_is_downloaded(tmp_path: Path) -> None:
    code, out, err = _run("fetch", "clinc150", "clinc151", "--folder", str(tmp_path))
    assert (code, out) == (2, "")
    assert err.startswith("FA212: no data set is called 'clinc151'")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_download_is_one_line_and_exit_status_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = httpx.Client
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b"short"))
    monkeypatch.setattr(data_cli.httpx, "Client", lambda **options: real(transport=transport, **options))
    code, _, err = _run("fetch", "clinc150", "--folder", str(tmp_path))
    assert code == 2
    assert err.strip().splitlines()[-1].startswith("FA213: LICENSE was cut short")
