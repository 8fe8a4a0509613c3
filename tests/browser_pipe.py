"""Headless Chromium driven over its debugging pipe: the standard library is enough, no port is opened."""

import base64
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
#: The browser reads commands from descriptor 3 and writes replies to descriptor 4.
_WITH_PIPES = "import os, sys; a, b, *c = sys.argv[1:]; os.dup2(int(a), 3); os.dup2(int(b), 4); os.execv(c[0], c)"


def find_browser() -> str | None:
    """The path of an installed Chromium, or None."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = (
        str(Path(folder) / name) for name in _NAMES for folder in folders if os.access(Path(folder) / name, os.X_OK)
    )
    return next(found, None)


class Tab:
    """One tab, and everything that it logged or asked for since it was opened."""

    def __init__(self, commands: int, replies: int) -> None:
        self._commands, self._replies = commands, replies
        self._rest = b""
        self._count = 0
        self._session: str | None = None
        self.console: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its reply; events on the way are kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") == self._count:
                assert "error" not in reply, (method, reply["error"])
                result: dict[str, Any] = reply["result"]
                return result
            self._note(reply)

    def open(self, page: Path, width: int, height: int = 900, *, scale: float = 1, phone: bool = False) -> None:
        """Show a local page at that viewport, and wait until it has loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        self.call("Emulation.setEmulatedMedia", media="")  # a test before may have left another
        self._loaded = False
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not self._loaded:
            self._note(self._next())

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; the page itself needs and holds no script."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    def media(self, name: str) -> None:
        """Show the page as it is in ``print``, or on a screen if empty, and wait until it is drawn so."""
        self.call("Emulation.setEmulatedMedia", media=name)
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write a PNG of the whole page, or of the first screen."""
        reply = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(reply["data"]))

    def pdf(self, path: Path) -> None:
        """Write the page as it prints on A4."""
        reply = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=False)
        path.write_bytes(base64.b64decode(reply["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._replies, 2**16)
            assert part, "the browser ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed

    def _note(self, event: dict[str, Any]) -> None:
        method, params = event.get("method"), event.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.consoleAPICalled" or method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(params))
        elif method == "Log.entryAdded":
            self.console.append(params["entry"]["text"])


def _pipe() -> tuple[int, int]:
    """A pipe whose ends lie above the descriptors that the browser wants."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


@contextmanager
def tab(profile: Path) -> Iterator[Tab]:
    """A fresh browser with one tab; it ends with the block."""
    browser = find_browser()
    assert browser, "find_browser() first"
    from_us, to_browser = _pipe()
    from_browser, to_us = _pipe()
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
    ]
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _WITH_PIPES,
            str(from_us),
            str(to_us),
            browser,
            *options,
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            "about:blank",
        ],
        pass_fds=(from_us, to_us),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    try:
        yield Tab(to_browser, from_browser)
    finally:
        os.close(to_browser)
        os.close(from_browser)
        process.terminate()
        process.wait(timeout=20)


def main() -> None:
    """Pictures of a page: ``python -m tests.browser_pipe out/report.html docs/images/report`` writes three files."""
    page, stem = Path(sys.argv[1]), Path(sys.argv[2])
    stem.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, tab(Path(profile)) as opened:
        opened.open(page, 1280, 900)
        opened.screenshot(stem.with_name(f"{stem.name}-first-screen.png"), whole=False)
        opened.screenshot(stem.with_name(f"{stem.name}.png"))
        opened.pdf(stem.with_name(f"{stem.name}.pdf"))


if __name__ == "__main__":
    main()
