"""A hostile report, imported for real, is nothing but text on every page there is, whatever a page looks like."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode

from tests.hostile import MARK, MARKUP, TERMINAL, TEXTS, TURNED, Page, write

from .pages import pages

NO_HTML = {"application/json", "application/x-ndjson", "application/jsonl", "text/csv", "text/plain"}
# What else a reader may type or follow on a page: the address holds the payload itself.
ASKED = [{"q": text} for text in (MARKUP, TERMINAL, TURNED, f'package:"{MARKUP}"'.replace('"><', '\\"><'))] + [
    {"q": "is:open", "by": "package"},
    {"q": "is:open", "by": "asset"},
    {"q": "is:open", "by": "vulnerability"},
    dict.fromkeys(("sort", "by", "cols", "after", "before", "who", "action", "kind", "page", "next"), MARKUP),
]


@pytest.fixture
def overrun(store: None, person: Any, tmp_path: Path) -> Client:
    """A store with hostile reports in it, hostile people and teams; an administrator looks at it."""
    from kairan.runtime import documents
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options
    from kairan.store.models import Audit, Ownership, SavedView, Team, TeamMember, Upload

    now = timezone.now()
    intake = Intake(Options(), Archive.configured(), timezone.now)
    intake.read_all(documents.find([str(write(tmp_path / "reports"))]))
    boss = person("administrator", username=MARKUP, name=TURNED + MARKUP, email=MARKUP)
    for text in (MARKUP, TURNED):
        Upload.objects.create(person=boss, name=text, size=1, stored=text, error=text, state="failed", created_at=now)
        SavedView.objects.create(person=boss, name=text, query=urlencode({"q": text}), is_shared=True, created_at=now)
        Audit.objects.create(
            at=now, actor=text, action=text, subject=text, before=text, after={text: [text]}, origin=text
        )
    team = Team.objects.create(key=f"evil{MARKUP}".replace("/", ""), name=MARKUP + TURNED, language=MARKUP)
    TeamMember.objects.create(team=team, person=boss)
    Ownership.objects.create(position=1, team=team, matches={MARKUP: [TURNED + MARKUP]})
    client = Client()
    client.force_login(boss)
    return client


def looks(client: Client) -> Iterator[tuple[str, Any]]:
    """Every page as it stands, with what may be typed into its address, and as a part that htmx asks for."""
    for page in pages():
        for address in page.addresses:
            yield page.name, client.get(address)
        for address in page.addresses[:1]:  # of cases and messages there are none here: they have tests of their own
            for asked in ASKED:
                yield page.name, client.get(f"{address}?{urlencode(asked)}")
            yield page.name, client.get(address, headers={"HX-Request": "true"})


@pytest.mark.slow
def test_a_hostile_report_is_text_on_every_page(overrun: Client) -> None:
    broken: dict[str, set[str]] = {}
    shown: set[str] = set()
    for name, answer in looks(overrun):
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        assert answer.status_code < 500, name
        if kind != "text/html":
            assert kind in NO_HTML or not answer.headers.get("Content-Type"), (name, kind)
            continue
        page = Page(answer.content.decode())
        if page.broken:
            broken.setdefault(name, set()).update(page.broken)
        if any(MARK in text for text in page.text):
            shown.add(name)
    assert broken == {}
    # It was there to be seen: a page that shows nothing proves nothing.
    assert {"findings", "finding", "vulnerability", "assets", "asset", "runs", "run", "held", "audit"} <= shown


@pytest.mark.slow
def test_a_hostile_person_is_text_in_the_frame_in_japanese_too(overrun: Client) -> None:
    overrun.post("/language/", {"language": "ja"})
    for address in ("/", "/findings/", "/account/", "/people/", "/audit/", "/teams/"):
        assert Page(overrun.get(address).content.decode()).broken == [], address


@pytest.mark.django_db
@pytest.mark.parametrize("text", TEXTS)
def test_before_the_login_what_was_typed_is_text_too(text: str) -> None:
    said = {"username": TEXTS[text][:150], "password": TEXTS[text], "next": TEXTS[text]}
    for answer in (Client().post("/login/", said), Client().get(f"/login/?{urlencode(said)}")):
        page = Page(answer.content.decode())
        assert page.broken == []
