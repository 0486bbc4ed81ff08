"""The demo as a newcomer meets it: started by itself, killed, started again, looked at in a browser, left."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import KAIRAN

pytestmark = pytest.mark.slow


class Demo:
    """A data folder, and a `kairan up` on it that nobody told anything."""

    def __init__(self, home: Path) -> None:
        self.home = home
        real = {"DATABASE_URL", "KAIRAN_HOSTS", "KAIRAN_ARCHIVE_URL", "KAIRAN_TLS", "KAIRAN_DEMO"}
        self.env = {name: value for name, value in os.environ.items() if name not in real}
        self.env |= {"KAIRAN_DATA": str(home)}

    def up(self, *words: str) -> str:
        """Start it; returns what it says once it is up."""
        log = self.home / "up.log"
        with log.open("w") as file:
            command = [KAIRAN, "up", "--port", "0", *words]
            self.process = subprocess.Popen(command, env=self.env, stdout=file, stderr=file)
        for _ in range(600):
            if "Log in as" in log.read_text() or "/setup/" in log.read_text():
                return log.read_text()
            assert self.process.poll() is None, log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"not up within 60 s: {log.read_text()}")

    def played(self) -> int:
        done = self.run("demo", "status", "--json")
        assert done.returncode == 0, done.stderr
        return int(json.loads(done.stdout)["played"])

    def wait_for(self, days: int) -> None:
        for _ in range(120):
            if self.played() >= days:
                return
            time.sleep(0.5)
        raise AssertionError(f"{self.played()} days are played, not {days}")

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([KAIRAN, *words], env=self.env, capture_output=True, text=True, check=False)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0


@pytest.fixture
def demo() -> Iterator[Demo]:
    home = Path(tempfile.mkdtemp(prefix="kairan-demo-"))
    home.chmod(0o755)
    demo = Demo(home)
    yield demo
    if demo.process.poll() is None:
        demo.stop()
    shutil.rmtree(home, ignore_errors=True)


def test_an_empty_folder_becomes_a_demo_that_survives_a_kill(demo: Demo) -> None:
    assert "kairan-demo" in demo.up()
    demo.wait_for(2)
    demo.process.kill()
    demo.process.wait()
    before = demo.played()

    demo.up()
    demo.wait_for(before + 2)
    demo.stop()

    refused = demo.run("up", "--no-demo", "--port", "0")
    assert refused.returncode == 2
    assert "holds a demo" in refused.stderr


def test_who_asks_for_an_empty_store_has_one_for_good(demo: Demo) -> None:
    assert "This is a demo" not in demo.up("--no-demo")
    demo.stop()
    assert "/setup/" in demo.up()
    assert demo.run("demo", "status").returncode == 1


def test_the_login_page_lets_a_newcomer_in_and_the_days_go_by(demo: Demo, browser: Browser) -> None:
    said = demo.up()
    address = re.search(r"http://\S+", said)
    assert address is not None
    with browser.new_context(base_url=address[0], locale="en-US") as context:
        page = context.new_page()
        page.goto("/login/")
        name = page.locator(".demo-logins tbody code").nth(2).inner_text()
        page.fill("[name=username]", name)
        page.fill("[name=password]", page.locator(".demo-logins p code").inner_text())
        page.click("main form button[type=submit]")
        first = page.locator("#demo p").first.inner_text()
        assert "of 90 days played" in first
        page.click("#demo summary")
        page.wait_for_function("first => document.querySelector('#demo p').innerText !== first", arg=first)
        assert page.locator("#demo .command").is_visible(), "what was opened stays open"
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_busy_demo_fits_its_windows_and_says_what_is_picked(demo: Demo, browser: Browser) -> None:
    said = demo.up()
    demo.wait_for(2)
    address = re.search(r"http://\S+", said)
    assert address is not None
    with browser.new_context(base_url=address[0], locale="en-US") as context:
        page = context.new_page()
        page.goto("/login/")
        page.fill("[name=username]", "triager")
        page.fill("[name=password]", "kairan-demo")
        page.click("main form button[type=submit]")
        wide = []
        for path in (
            "/inbox/?whose=all",
            "/cases/?state=any",
            "/cases/board/?whose=all",
            "/teams/",
            "/unowned/",
            "/rules/",
        ):
            page.goto(path)
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 844})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wide.append((path, width))
        assert wide == []
        page.set_viewport_size({"width": 1280, "height": 844})
        page.goto("/cases/?state=any")
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.click("[data-take-all]")
        expect(page.locator("[data-take-all]")).to_be_hidden()
        expect(page.locator("[data-all]")).to_be_visible()
        page.click("#picked button.button:not([type])")
        assert "scope=all" in page.url
        page.go_back()
        ticked = page.locator(".c-pick input:checked").count()
        if ticked:  # a browser that goes back may put the ticks back
            expect(page.locator("[data-number]")).to_have_text(str(ticked))
