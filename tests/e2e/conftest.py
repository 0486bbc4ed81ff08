"""A running Kairan of its own for each module, and a browser."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

KAIRAN = Path(sys.executable).with_name("kairan")
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


class Running:
    """A `kairan up` of its own, with an empty data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "KAIRAN_HOSTS"}}
        self.env = env | {"KAIRAN_DATA": str(home)}
        self.log = (home / "up.log").open("w+")
        command = [KAIRAN, "up", "--no-demo", "--port", "0"]
        self.process = subprocess.Popen(command, env=self.env, stdout=self.log, stderr=self.log)
        self.setup_link = self._wait(r"http://\S+/setup/\S+")
        self.url = self.setup_link.partition("/setup/")[0]

    def _wait(self, pattern: str) -> str:
        for _ in range(600):
            text = (self.home / "up.log").read_text()
            if found := re.search(pattern, text):
                return found[0]
            assert self.process.poll() is None, text
            time.sleep(0.1)
        raise AssertionError(f"not up within 60 s: {text}")

    def import_(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([KAIRAN, "import", *words], env=self.env, capture_output=True, text=True, check=False)

    def configure(self, text: str) -> None:
        """Put a kairan.yaml in force."""
        file = self.home / "kairan.yaml"
        file.write_text(text, encoding="utf-8")
        command = [KAIRAN, "config", "apply", str(file)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        self.log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if _CHROMIUM is None:
        if os.environ.get("KAIRAN_REQUIRE_ALL"):
            pytest.fail("Chromium is required here and not installed")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def running(browser: Browser) -> Iterator[Running]:
    """After the browser: where there is none, nothing has to be started."""
    home = Path(tempfile.mkdtemp(prefix="kairan-e2e-"))
    home.chmod(0o755)
    running = Running(home)
    yield running
    running.stop()
    shutil.rmtree(home, ignore_errors=True)
