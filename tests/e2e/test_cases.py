"""Cases in a real browser, in both languages: from a report to the inbox, a decision by keyboard, its undo, many at
once."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Running
from tests.e2e.test_pages import LOOKS, PASSWORD, REPORTS, Walk, speak

pytestmark = pytest.mark.slow
WORDS = {
    "en": {"deferred": "Decided: Put off", "undone": "Taken back", "done": "Done", "written": "On its way to: Web."},
    "ja": {
        "deferred": "判断しました: 保留",
        "undone": "取り消しました",
        "done": "完了",
        "written": "送信しました: Web",
    },
}


@pytest.fixture(scope="module")
def triager(running: Running, browser: Browser) -> Iterator[BrowserContext]:
    """The administrator, with the cases of two reports, told."""
    context = browser.new_context(base_url=running.url, locale="en-US")
    page = context.new_page()
    page.goto(running.setup_link)
    for name, value in {"username": "aki", "name": "秋山 葵", "password": PASSWORD, "again": PASSWORD}.items():
        page.fill(f"[name={name}]", value)
    page.click("main button[type=submit]")
    running.configure("teams: [{key: web, name: Web}]\nownership: [{team: web}]\n")
    done = running.import_(*map(str, REPORTS))
    assert done.returncode == 0, done.stderr
    _wait_for_cases(page)
    page.close()
    yield context
    context.close()


def _wait_for_cases(page: Page) -> None:
    """Routing is the worker's: it takes a moment."""
    for _ in range(60):
        page.goto("/cases/?state=any")
        if page.locator("[data-list] tbody tr").count() >= 3:
            return
        time.sleep(1)
    raise AssertionError("no case was opened within a minute")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_of_cases_is_sound(running: Running, triager: BrowserContext, language: str) -> None:
    page = triager.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "cases")
    page.goto("/cases/?state=any")
    one = str(page.locator("[data-list] tbody .c-id a").first.get_attribute("href"))
    addresses = {
        "inbox": "/inbox/?whose=all",
        "inbox-mine": "/inbox/?whose=mine",
        "cases": "/cases/?state=any",
        "cases-none": "/cases/?text=nothing-is-called-so",
        "board": "/cases/board/",
        "case": one,
        "bulk": "/cases/bulk/?scope=all&f-state=any",
    }
    for name, address in addresses.items():
        walk.look_at(name, address, LOOKS)
    page.close()
    assert walk.wrong == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_decision_by_keyboard_opens_the_next_case_and_is_undone(
    running: Running, triager: BrowserContext, language: str
) -> None:
    page = triager.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "keys")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/cases/?status=new&state=any")
    links = page.locator("[data-list] tbody .c-id a")
    first, second = (str(links.nth(at).get_attribute("href")) for at in (0, 1))
    page.keyboard.press("j")
    page.keyboard.press("s")
    chosen = page.locator("#drawer [name=status][value=deferred]")
    expect(chosen).to_be_checked()
    expect(page.locator("#drawer .for-terms")).to_be_visible()
    expect(page.locator("#drawer .for-not_affected")).to_be_hidden()
    page.check("#drawer [name=until][value=fix]")
    page.fill("#drawer textarea[name=reason]", "次の四半期 <b>")
    walk.check(1280)
    page.click("#drawer button[value=decide]")
    expect(page.locator("#case-done")).to_contain_text(WORDS[language]["deferred"])
    expect(page.locator("#drawer .case-sheet")).to_have_attribute("data-case", second.split("-")[1].rstrip("/"))
    expect(page.locator("tr.answered .c-id a")).to_have_attribute("href", first)
    page.click("#case-done button[value=undo]")
    expect(page.locator(".notice.done")).to_contain_text(WORDS[language]["undone"])
    assert page.url.endswith(first)
    page.close()
    assert walk.wrong == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_inbox_is_gone_through_by_keyboard(running: Running, triager: BrowserContext, language: str) -> None:
    """j and k walk, x picks, enter opens, d begins to decide, escape goes back to where one was."""
    page = triager.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "inbox")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/inbox/?whose=all")
    links = page.locator("[data-list] tbody .c-id a")
    assert links.count() >= 2
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(links.nth(at)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-number]")).to_have_text("1")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer .case-sheet")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("#drawer [name=status]").first).to_be_focused()
    walk.check(1280)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(links.nth(0)).to_be_focused()
    page.close()
    assert walk.wrong == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_teams_are_written_to_and_how_many_is_said_before(
    running: Running, triager: BrowserContext, language: str
) -> None:
    page = triager.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "write")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/cases/?status=new&state=any")
    page.goto(str(page.locator("[data-list] tbody .c-id a").first.get_attribute("href")))
    page.click(".write-teams summary")
    expect(page.locator("[data-ticked]")).to_have_text("0")
    page.check(".write-teams [name=team] >> nth=0")
    expect(page.locator("[data-ticked]")).to_have_text("1")
    walk.check(390)
    page.fill("#write-message", f"bitte aktualisieren: {language}")
    page.click("button[value=write]")
    expect(page.locator(".notice.done").first).to_contain_text(WORDS[language]["written"])
    walk.check(390)
    page.close()
    assert walk.wrong == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_many_are_decided_at_once_and_undone(running: Running, triager: BrowserContext, language: str) -> None:
    page = triager.new_page()
    speak(page, language)
    walk = Walk(page, running.url, language, "bulk")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/cases/?status=new&state=any")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-number]")).to_have_text("2")
    page.click("#picked button.button:not([type])")
    page.check("[name=status][value=risk_accepted]")
    page.check("[name=until][value=exploitation]")
    page.click("main form.case-form button.button")
    expect(page.locator(".case-form .errors").first).to_be_visible()
    page.fill("textarea[name=reason]", "behind a firewall")
    page.click("main form.case-form button.button")
    expect(page.locator("#bulk-state .pill")).to_have_text(WORDS[language]["done"], timeout=30_000)
    walk.check(1280)
    page.click("#bulk-state form button")
    expect(page.locator("#bulk-state progress")).to_be_visible()
    page.close()
    assert [each for each in walk.wrong if "status of 422" not in each] == []  # the browser's word for a form sent back
