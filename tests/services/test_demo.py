"""The demo in the store: made of an untouched one only, played day by day, going on where it was."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from kairan.domain.rights import Role
from kairan.domain.triage import Status
from kairan.services import accounts, demo
from kairan.store.connection import beside, raw_cursor
from kairan.store.models import Ownership, Person, Run, Team, TeamMember
from kairan.store.queries import demo as row
from tests.stores import broken_invariants, look

pytestmark = pytest.mark.usefixtures("demo_ends")

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILLED_IN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def clock() -> datetime:
    return NOW


@pytest.fixture
def demo_ends(store: None) -> Iterator[None]:
    yield
    assert broken_invariants(raw_cursor()) == {}


def ask(question: str) -> Any:
    cursor = raw_cursor()
    cursor.execute(question)
    return dict(cursor.fetchall())


def play(number: int) -> None:
    for _ in range(number):
        assert demo.work(clock)


def test_an_untouched_store_becomes_a_demo_once() -> None:
    assert demo.found(NOW)
    assert not demo.found(NOW)
    assert demo.state().is_playing
    assert accounts.setup_link(NOW) is None


def test_a_store_that_somebody_asked_for_never_becomes_one() -> None:
    accounts.setup_link(NOW)
    assert not demo.found(NOW)
    assert row.find() is None


def test_a_store_that_holds_data_never_becomes_one() -> None:
    Run.objects.create(trigger="import", name="report.json", state="failed", started_at=NOW, finished_at=NOW)
    assert not demo.found(NOW)
    assert not Person.objects.exists()


def test_there_is_a_login_for_each_role() -> None:
    demo.found(NOW)
    for name, role in demo.LOGINS.items():
        person = accounts.authenticate(name, demo.PASSWORD, NOW)
        assert person is not None
        assert person.role == role
    assert set(demo.LOGINS.values()) == set(Role)


def test_the_others_of_the_company_cannot_log_in() -> None:
    demo.found(NOW)
    others = Person.objects.exclude(username__in=demo.LOGINS)
    assert others.count() == 24
    assert not any(person.has_usable_password() for person in others)


def test_teams_have_people_and_own_things() -> None:
    demo.found(NOW)
    assert Team.objects.count() == 8
    assert TeamMember.objects.filter(person__username="member", team__key="storefront").exists()
    assert {each.key for each in Team.objects.all()} == set(Ownership.objects.values_list("team__key", flat=True))


def test_a_day_is_played_into_its_own_time() -> None:
    demo.found(NOW)
    play(2)
    found = demo.state()
    assert (found.played, found.until) == (2, NOW - timedelta(days=88))
    assert {run.started_at.date() for run in Run.objects.all()} <= {
        (NOW - timedelta(days=ago)).date() for ago in (90, 89, 88)
    }
    assert not Run.objects.filter(state="failed").exists()


def test_what_was_interrupted_goes_on_with_the_document_it_was_at() -> None:
    demo.found(NOW)
    answers = iter([False] * 7 + [True] * 9)
    demo.work(clock, lambda: next(answers))
    assert (demo.state().played, demo.state().done) == (0, 7)
    assert Run.objects.values("name").distinct().count() == 7

    play(1)
    assert demo.state().played == 1
    names = list(Run.objects.values_list("name", "part", "title"))
    assert len(names) == len(set(names)), "a document was read twice"


def test_two_do_not_play_at_once() -> None:
    demo.found(NOW)
    with beside() as desk:
        assert row.claim(desk) is not None
        assert not demo.work(clock)
        with pytest.raises(demo.PlayedElsewhereError):
            demo.next_day(clock, "tester")


def test_without_a_demo_there_is_no_next_day() -> None:
    with pytest.raises(demo.NoDemoError):
        demo.next_day(clock, "tester")


@pytest.mark.slow
def test_a_next_day_never_lies_in_the_future() -> None:
    demo.found(NOW, days=1)
    play(1)
    until = [demo.next_day(clock, "tester").until for _ in range(3)]
    assert until == [NOW - timedelta(days=ago) for ago in (88, 87, 86)]
    assert not demo.state().is_playing

    soon = NOW - timedelta(days=86) + timedelta(hours=1)  # a clock that stands an hour after the last day
    assert demo.next_day(lambda: soon, "tester").until == soon
    assert demo.next_day(lambda: soon, "tester", 6).until == soon + timedelta(milliseconds=6)
    assert not Run.objects.filter(state="failed").exists()
    assert not Run.objects.filter(as_of__gt=soon + timedelta(seconds=1)).exists()


@pytest.mark.slow
def test_ninety_days_hold_everything_that_happens_to_findings() -> None:
    demo.found(NOW)
    play(90)
    assert not demo.work(clock)

    events = ask("SELECT code, count(*) FROM event GROUP BY code")
    assert all(events.get(code) for code in ("opened", "closed", "reopened", "changed", "suppressed")), events
    open_now = ask("SELECT is_open, count(*) FROM finding GROUP BY is_open")
    assert open_now[True] > 300
    assert open_now[False] > 300
    assert ask("SELECT state, count(*) FROM held_closing WHERE reason = 'large_share' GROUP BY state") == {
        "waiting": 1,
        "replaced": 1,
    }
    rejected = ask("SELECT left(reason, 9), count(*) FROM reject GROUP BY 1")
    assert len(rejected) == 2, rejected
    assert ask("SELECT state, count(*) FROM run GROUP BY state")["failed"] == 2
    assert len(ask("SELECT kind, count(*) FROM asset GROUP BY kind")) >= 4

    _has_a_life_of_cases()
    before = look(raw_cursor())
    assert demo.next_day(clock, "tester").played == 91
    assert look(raw_cursor()) != before


def _has_a_life_of_cases() -> None:
    """Whatever the pages of cases, deliveries and decisions can show is there to be seen."""
    statuses = ask("SELECT status, count(*) FROM case_part GROUP BY status")
    assert statuses.keys() == {status.value for status in Status}, statuses
    states = ask("SELECT state, count(*) FROM cases WHERE merged_into_id IS NULL GROUP BY state")
    assert states.keys() == {"open", "parked", "closed"}, states
    happened = ask("SELECT code, count(*) FROM case_event GROUP BY code")
    expected = "opened released reopened part_added part_resolved closed claimed decided expired still_seen commented"
    expected += " asked asked_approval approved refused handed_over reminded escalated"
    assert happened.keys() >= set(expected.split()), set(expected.split()) - happened.keys()
    sent = ask("SELECT purpose, count(*) FROM delivery WHERE state = 'sent' GROUP BY purpose")
    wanted = "psirt_post team_post triage_form update closing reminder escalation digest roll_up handover"
    assert sent.keys() >= set(wanted.split()), set(wanted.split()) - sent.keys()
    decided = ask("SELECT state, count(*) FROM decision GROUP BY state")
    assert decided.keys() >= {"effective", "ended", "refused"}, decided
    late = ask("SELECT 'late', count(*) FROM delivery WHERE NOT edits AND settled_at > created_at + interval '8 days'")
    assert late["late"] == 0, "told by another clock than the demo's"
    future = ask(f"SELECT 'future', count(*) FROM case_event WHERE at > '{NOW + timedelta(minutes=1)}'")
    assert future["future"] == 0
    owners = ask(
        "SELECT t.key, count(*) FROM finding f JOIN owner o ON o.finding = f.id JOIN team t ON t.id = o.team_id"
        " JOIN identifier i ON i.vulnerability_id = f.vulnerability_id WHERE i.value = 'CVE-2021-44228' GROUP BY 1"
    )
    assert owners.keys() >= {"payments", "search", "logistics", "members"}, owners


def test_the_pages_of_a_demo_say_so() -> None:
    demo.found(NOW)
    client = Client()
    login = client.get("/login/").content.decode()
    assert demo.PASSWORD in login
    assert all(f"<code>{name}</code>" in login for name in demo.LOGINS)

    client.post("/login/", {"username": "viewer", "password": demo.PASSWORD})
    page = client.get("/").content.decode()
    assert "0 of 90 days played" in page
    assert 'hx-get="/demo/"' in page
    assert "0 of 90 days played" in client.get("/demo/").content.decode()


def test_a_press_of_a_button_lets_in() -> None:
    demo.found(NOW)
    client = Client()
    login = client.get("/login/?next=/runs/").content.decode()
    forms = [dict(FILLED_IN.findall(form)) for form in login.split("<form")]
    buttons = [form for form in forms if "password" in form]
    assert [button["username"] for button in buttons] == list(demo.LOGINS)
    assert client.post("/login/", buttons[2])["Location"] == "/runs/"
    assert "Triager" in client.get("/").content.decode()


def test_a_demo_that_is_played_to_the_end_no_longer_asks_how_far_it_is() -> None:
    demo.found(NOW, days=0)
    client = Client()
    client.post("/login/", {"username": "viewer", "password": demo.PASSWORD})
    page = client.get("/").content.decode()
    assert "This is a demo" in page
    assert "hx-get" not in page.split('id="demo"')[1].split("</aside>")[0]


def test_a_real_store_shows_nothing_of_it() -> None:
    assert demo.PASSWORD not in Client().get("/login/").content.decode()
    person = Person.objects.create(username="aki", role=Role.VIEWER, created_at=NOW)
    client = Client()
    client.force_login(person)
    assert "demo" not in client.get("/").content.decode().split("</head>")[1]
    assert client.get("/demo/")["Location"] == "/"
