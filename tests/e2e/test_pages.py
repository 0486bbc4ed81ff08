"""Every page in a real browser: accessible, silent, from our own host only, light, and never wider than a phone.

In both languages, both themes, at 1280 and 390 px; first while nothing has been imported, then with two reports.
KAIRAN_SCREENSHOTS=folder keeps a picture of each.
"""

import gzip
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from conftest import ROOT
from tests.e2e.conftest import Running

SAMPLES = ROOT / "src/kairan/sources"
REPORTS = [SAMPLES / "trivy/tests/samples/image.json", SAMPLES / "github_dependabot/tests/samples/rest_repository.json"]

# Where to look. What is behind a link on another page (its name, or an address) waits for reports.
ADDRESSES = {
    "overview": "/",
    "findings": "/findings/",
    "findings-grouped": "/findings/?by=package",
    "findings-none": "/findings/?q=package%3Anothing-is-called-so",
    "findings-misspelt": "/findings/?q=severity%3A%3E%3Dhgih",
    "views": "/findings/views/",
    "assets": "/assets/",
    "runs": "/runs/",
    "replay": "/runs/replay/",
    "held": "/held/",
    "uploads": "/uploads/",
    "inbox": "/inbox/?whose=all",
    "board": "/cases/board/",
    "rules": "/rules/",
    "rule-try": "/rules/urgent/try/?days=30",
    "coverage": "/coverage/",
    "noise": "/noise/",
    "destinations": "/destinations/",
    "deliveries": "/deliveries/",
    "messages": "/messages/",
    "unowned": "/unowned/",
    "teams": "/teams/",
    "people": "/people/",
    "person": "/people/1/",
    "audit": "/audit/",
    "account": "/account/",
}
BEHIND = {
    "finding": ("/findings/", "main a[href^='/findings/F-']"),
    "vulnerability": ("finding", "main a[href^='/vulnerabilities/']"),
    "asset": ("/assets/", "main a[href^='/assets/'][href$='/']"),
    "run": ("/runs/", "main a[href^='/runs/'][href$='/']:not([href*='replay'])"),
    "case": ("/cases/?state=any", "[data-list] tbody .c-id a"),
    "case-why": ("case", "main a[href$='/why/']"),
    "delivery": ("/deliveries/", "[data-list] tbody a[href^='/deliveries/']"),
    "message": ("/messages/?destination=preview&channel=psirt", "main a[href^='/messages/'][href$='/']"),
    "message-raw": ("/messages/?destination=preview&channel=psirt", "main a[href$='/raw/']"),
    "rejects": ("/runs/", "main a[href$='/rejects/']"),
}
MAY_BE_MISSING = {"rejects"}  # the samples are sound
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (1280, 390)]
WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
MOST_BYTES = 150_000
PASSWORD = "a long enough phrase 7"


@dataclass
class Walk:
    """One browser tab that goes from page to page and writes down what is wrong."""

    page: Page
    base: str
    language: str
    stage: str
    wrong: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    at: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("request", lambda asked: None if asked.url.startswith(self.base) else self._complain(asked.url))

    def look_at(self, name: str, address: str, looks: list[tuple[str, int]] = LOOKS, status: int = 200) -> None:
        self.at = name
        answer = self.page.goto(address)
        if answer is None or answer.status != status:
            self._complain(f"{address} answers {answer and answer.status}")
            return
        if self.page.locator("html").get_attribute("lang") != self.language:
            self._complain(f"is not in {self.language}")
        self._weigh(answer.body())
        self.page.evaluate(AXE_SCRIPT)
        for theme, width in looks:
            self.at = f"{name} {theme} {width}"
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            self.page.set_viewport_size({"width": width, "height": 800 if width > 600 else 844})
            self._measure(width)
            self._check_access()
            self._keep(f"{self.stage}-{name}-{self.language}-{theme}-{width}.png")

    def check(self, width: int) -> None:
        """The page as it stands now."""
        self.at = str(width)
        self.page.evaluate(AXE_SCRIPT)
        self._measure(width)
        self._check_access()

    def _weigh(self, body: bytes) -> None:
        """All that the page is made of, as a browser with an empty cache gets it, packed."""
        names: list[str] = self.page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
        for name in set(names) - self.sizes.keys():
            self.sizes[name] = len(gzip.compress(self.page.request.get(name).body()))
        weight = len(gzip.compress(body)) + sum(self.sizes[name] for name in set(names))
        if weight > MOST_BYTES:
            self._complain(f"weighs {weight} bytes")

    def _measure(self, width: int) -> None:
        needed = self.page.evaluate("document.documentElement.scrollWidth")
        if needed > width:
            self._complain(f"is {needed} px wide")

    def _check_access(self) -> None:
        options = {"runOnly": WCAG, "resultTypes": ["violations"]}
        found: dict[str, Any] = self.page.evaluate("options => axe.run(options)", options)
        for each in found["violations"]:
            places = [node["html"][:120] for node in each["nodes"][:3]]
            self._complain(f"axe {each['id']}: {each['help']} {places}")

    def _keep(self, name: str) -> None:
        if folder := os.environ.get("KAIRAN_SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / name, full_page=True)

    def _complain(self, what: str) -> None:
        self.wrong.append(f"{self.stage} {self.language} {self.at}: {what}")


@pytest.fixture(scope="module")
def visitor(running: Running, browser: Browser) -> Iterator[BrowserContext]:
    """The administrator, logged in."""
    context = browser.new_context(base_url=running.url, locale="en-US")
    page = context.new_page()
    page.goto(running.setup_link)
    for name, value in {"username": "aki", "name": "秋山 葵", "password": PASSWORD, "again": PASSWORD}.items():
        page.fill(f"[name={name}]", value)
    page.click("main button[type=submit]")
    page.close()
    yield context
    context.close()


def speak(page: Page, language: str) -> None:
    """Choose the language as people do."""
    page.goto("/account/")
    page.select_option("select[name=language]", language)
    page.click("main form button[type=submit] >> nth=0")


@pytest.mark.slow
def test_the_ways_in_are_sound(running: Running, browser: Browser) -> None:
    """What strangers see: login, a set-up link that works, and one that does not."""
    with browser.new_context(base_url=running.url, locale="ja-JP") as context:
        walk = Walk(context.new_page(), running.url, "ja", "in")
        walk.look_at("login", "/login/")
        walk.look_at("setup", running.setup_link)
    assert walk.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_is_sound_while_nothing_is_there(running: Running, visitor: BrowserContext, language: str) -> None:
    page = visitor.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "empty")
    for name, address in ADDRESSES.items():
        walk.look_at(name, address, LOOKS[::3])
    page.close()
    assert walk.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_is_sound_with_reports(running: Running, visitor: BrowserContext, language: str) -> None:
    done = running.import_(*map(str, REPORTS))
    assert done.returncode == 0, done.stderr
    page = visitor.new_page()
    speak(page, language)
    wait_until_told(page)
    walk = Walk(page, running.url, language, "full")
    for name, address in (ADDRESSES | addresses_behind(page)).items():
        walk.look_at(name, address)
    page.close()
    assert walk.wrong == []


@pytest.mark.slow
def test_a_finding_opens_beside_the_list(running: Running, visitor: BrowserContext) -> None:
    """A row, the next one by key, and back to that row: beside the list, and over it on a phone."""
    assert running.import_(*map(str, REPORTS)).returncode == 0
    page = visitor.new_page()
    walk = Walk(page, running.url, "any", "drawer")
    links, heading = page.locator("[data-list] tbody .c-id a"), page.locator("#drawer h1")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/findings/")
        links.nth(0).press("Enter")
        expect(heading).to_have_text(str(links.nth(0).text_content()))
        page.keyboard.press("j")
        expect(heading).to_have_text(str(links.nth(1).text_content()))
        walk.check(width)
        page.keyboard.press("Escape")
        expect(page.locator("#drawer")).to_be_hidden()
        expect(links.nth(1)).to_be_focused()
        assert page.url.endswith("/findings/")
    page.close()
    assert walk.wrong == []


def wait_until_told(page: Page) -> None:
    """Cases are opened and told by the worker: it takes a moment."""
    for _ in range(90):
        page.goto("/messages/?destination=preview&channel=psirt")
        if page.locator("main a[href$='/raw/']").count():
            return
        time.sleep(1)
    raise AssertionError("nobody was told within 90 seconds")


def addresses_behind(page: Page) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, (address, link) in BEHIND.items():
        page.goto(found.get(address, address))
        links = page.locator(link)
        if links.count():
            found[name] = str(links.first.get_attribute("href"))
    assert BEHIND.keys() - found.keys() <= MAY_BE_MISSING
    return found
