"""A newcomer's way in a real browser: start, set-up link, account, import, list, one finding, in both languages."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Running
from tests.reports import record, report


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
