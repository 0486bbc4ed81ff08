"""A newcomer's way in a real browser: start, set-up link, account, import, list, one finding, in both languages."""

import json
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
from playwright.sync_api import Browser, Page, sync_playwright

from tests.reports import record, report

KAIRAN = Path(sys.executable).with_name("kairan")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]


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

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        self.log.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="kairan-e2e-"))
    home.chmod(0o755)
    running = Running(home)
    yield running
    running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("KAIRAN_REQUIRE_ALL"):
            pytest.fail("Chromium is required here and not installed")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """Console errors and requests to other hosts: there must be none."""
    return []


def page_of(browser: Browser, running: Running, complaints: list[str], **context: object) -> Page:
    page = browser.new_context(base_url=running.url, **context).new_page()  # type: ignore[arg-type]
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: None if asked.url.startswith(running.url) else complaints.append(asked.url))
    return page


def test_a_newcomer_comes_in_and_sees_the_findings(
    running: Running, browser: Browser, complaints: list[str], tmp_path: Path
) -> None:
    page = page_of(browser, running, complaints, viewport={"width": 1280, "height": 800}, locale="en-US")
    page.goto("/")
    assert page.url.startswith(f"{running.url}/login/")

    page.goto(running.setup_link)
    page.fill("[name=username]", "aki")
    page.fill("[name=name]", "秋山 葵")
    page.fill("[name=password]", "a long enough phrase 7")
    page.fill("[name=again]", "a long enough phrase 7")
    page.click("main button[type=submit]")
    assert "Nothing has been read yet" in page.inner_text("main")

    entry = record("CVE-2026-4242", "openssl", severity="CRITICAL", fixed="3.0.9", Title="<script>alert(1)</script>")
    told = tmp_path / "report.json"
    told.write_text(json.dumps(report(entry, image="ghcr.io/acme/shop:2.0")))
    done = running.import_(str(told))
    assert done.returncode == 0, done.stderr
    assert "1 opened" in done.stdout

    page.reload()
    assert "CVE-2026-4242" in page.inner_text("main")
    page.click("nav >> text=Findings")
    row = page.locator("tbody tr").first.inner_text()
    assert all(word in row for word in ("Critical", "CVE-2026-4242", "openssl", "3.0.9", "<script>")), row
    page.click("tbody a:has-text('CVE-2026-4242')")
    page.wait_for_selector("#drawer h2:has-text('What to do')")
    page.click("text=Open as a page")
    page.wait_for_url("**/findings/F-*/")
    assert "Upgrade openssl" in re.sub(r"\s+", " ", page.inner_text("main"))
    if folder := os.environ.get("KAIRAN_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/finding.png", full_page=True)

    page.click("text=日本語")
    page.goto("/findings/")
    assert "重大" in page.inner_text("main") or "緊急" in page.inner_text("main")
    assert complaints == []


def test_the_set_up_link_works_once(running: Running, browser: Browser, complaints: list[str]) -> None:
    page = page_of(browser, running, complaints, locale="en-US")
    answer = page.goto(running.setup_link)
    assert answer is not None
    assert answer.status == 410
    assert page.locator("form [name=password]").count() == 0


def test_the_pages_come_back_after_the_database_was_killed(running: Running, browser: Browser) -> None:
    pid = int((running.home / "postgres/data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    page = page_of(browser, running, [])
    for _ in range(40):
        answer = page.goto("/login/")
        if answer is not None and answer.status == 200:
            break
        time.sleep(0.5)
    assert answer is not None
    assert answer.status == 200
