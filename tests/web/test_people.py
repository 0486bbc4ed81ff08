"""People, their account, the audit and the teams, as pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kairan.domain.rights import Role

from .conftest import NOW

WORDS = "correct horse battery"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def boss(person: Any) -> Any:
    return person(Role.ADMINISTRATOR, username="boss")


@pytest.fixture
def admin(boss: Any) -> Client:
    """A browser in which the administrator is logged in."""
    client = Client()
    client.force_login(boss)
    return client


def text(answer: Any) -> str:
    """What a reader sees, with spaces made one."""
    seen = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", seen)


# --- people ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_everyone_with_role_and_state(admin: Client, person: Any) -> None:
    person("triager", username="taro", name=HOSTILE)
    person("viewer", username="gone", is_active=False)
    page = admin.get("/people/")
    assert HOSTILE not in page.content.decode()
    assert all(word in text(page) for word in ("boss", "taro", "Triager", "Active", "gone", "Disabled", "never"))


def test_inviting_shows_the_link_once_and_it_works(admin: Client) -> None:
    said = {"username": "taro", "name": "太郎", "email": "taro@example.com", "role": "triager"}
    page = admin.post("/people/", said)
    [token] = re.findall(r'value="http://testserver/setup/([\w-]+)/"', page.content.decode())
    assert Client().get(f"/setup/{token}/").status_code == 200
    assert token not in admin.get("/people/").content.decode()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"username": "BOSS"}, "Someone has this login name already"),
        ({"username": "admin\u202e"}, "signs that nobody can see"),
        ({"email": "nowhere"}, "valid email"),
        ({"role": "king"}, "valid choice"),
    ],
)
def test_an_invitation_says_beside_the_field_what_to_mend(admin: Client, said: dict[str, str], says: str) -> None:
    from kairan.store.models import Person

    answer = admin.post("/people/", {"username": "taro", "name": "", "email": "", "role": "viewer"} | said)
    assert says in text(answer)
    assert Person.objects.count() == 1


def test_a_role_counts_from_the_next_request(admin: Client, person: Any) -> None:
    other, browser = person("administrator", username="other"), Client()
    browser.force_login(other)
    assert browser.get("/people/").status_code == 200
    answer = admin.post(f"/people/{other.pk}/", {"do": "role", "role": "viewer"}, follow=True)
    assert "The role was changed" in text(answer)
    assert browser.get("/people/").status_code == 403


def test_someone_disabled_is_out_at_once_and_can_come_back(admin: Client, person: Any) -> None:
    taro, browser = person("viewer", username="taro"), Client()
    browser.force_login(taro)
    assert browser.get("/account/").status_code == 200
    admin.post(f"/people/{taro.pk}/", {"do": "disable"})
    assert browser.get("/account/").status_code == 302
    admin.post(f"/people/{taro.pk}/", {"do": "enable"})
    assert browser.post("/login/", {"username": "taro", "password": WORDS}).status_code == 302


def test_a_reset_ends_sessions_and_shows_a_new_link(admin: Client, person: Any) -> None:
    taro, browser = person("viewer", username="taro"), Client()
    browser.force_login(taro)
    page = admin.post(f"/people/{taro.pk}/", {"do": "reset"}).content.decode()
    assert re.search(r'value="http://testserver/setup/[\w-]+/"', page)
    assert browser.get("/account/").status_code == 302
    assert "Invited" in text(admin.get(f"/people/{taro.pk}/"))


def test_the_last_administrator_and_oneself_are_protected(admin: Client, boss: Any, person: Any) -> None:
    page = text(admin.get(f"/people/{boss.pk}/"))
    assert "Nobody changes their own role" in page
    answer = admin.post(f"/people/{boss.pk}/", {"do": "disable"}, follow=True)
    assert "Ask another administrator" in text(answer)
    boss.refresh_from_db()
    assert boss.is_active


def test_a_lockout_is_shown_and_can_be_lifted(admin: Client, person: Any) -> None:
    taro = person("viewer", username="taro")
    for _ in range(5):
        Client().post("/login/", {"username": "taro", "password": "wrong"})
    assert "Locked out" in text(admin.get("/people/"))
    assert "Let them try at once" in text(admin.get(f"/people/{taro.pk}/"))
    admin.post(f"/people/{taro.pk}/", {"do": "unlock"})
    assert Client().post("/login/", {"username": "taro", "password": WORDS}).status_code == 302
    assert "Locked out" not in text(admin.get("/people/"))


def test_an_administrator_revokes_somebody_elses_token(admin: Client, person: Any) -> None:
    from kairan.services import tokens

    taro = person("viewer", username="taro")
    secret, number = tokens.create(taro.pk, HOSTILE, "read", None, timezone.now(), "")
    page = admin.get(f"/people/{taro.pk}/").content.decode()
    assert HOSTILE not in page
    assert secret not in page
    assert "revoked" in text(admin.post(f"/people/{taro.pk}/", {"do": "revoke", "token": number}, follow=True))
    assert tokens.authenticate(secret, timezone.now()) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"do": "promote"},
        {"do": "revoke", "token": "9" * 4_301},
        {"do": "revoke", "token": "9"},
        {"do": "role", "role": "king"},
    ],
)
def test_what_no_button_asks_for_is_a_bad_request(admin: Client, person: Any, said: dict[str, str]) -> None:
    assert admin.post(f"/people/{person('viewer').pk}/", said).status_code == 400


# --- the audit -------------------------------------------------------------------------------------------------------


def add_rows(count: int, **said: Any) -> None:
    from kairan.store.models import Audit

    row = {"actor": "boss", "action": "held.close", "subject": "held:7", "origin": "198.51.100.7"} | said
    Audit.objects.bulk_create(Audit(at=NOW + timedelta(seconds=number // 3), **row) for number in range(count))


def test_the_audit_says_who_did_what_before_and_after_and_from_where(admin: Client, person: Any) -> None:
    taro = person("viewer", username="taro")
    said = {"subject": f"person:{taro.pk}", "before": {"role": "viewer"}, "after": {"role": "triager"}}
    add_rows(1, action="person.role", **said)
    page = admin.get("/audit/")
    assert "boss Changed a role taro Role Viewer → Triager from 198.51.100.7" in text(page)
    assert f'href="/people/{taro.pk}/"' in page.content.decode()


def test_the_audit_shows_foreign_text_as_text(admin: Client) -> None:
    add_rows(
        1, actor=HOSTILE, action=HOSTILE, subject=HOSTILE, before=HOSTILE, after={HOSTILE: [HOSTILE]}, origin=HOSTILE
    )
    assert "<script>alert" not in admin.get("/audit/").content.decode()


def test_the_audit_is_walked_back_and_forth_without_losing_a_row(admin: Client) -> None:
    add_rows(120)
    address, seen = "/audit/", []
    while address:
        page = admin.get(address).context
        seen += [each.entry.id for each in page["entries"]]
        last, address = page, f"/audit/{page['older']}" if page["older"] else ""
    assert len(seen) == len(set(seen)) == 120
    back = admin.get(f"/audit/{last['newer']}").context
    assert [each.entry.id for each in back["entries"]] == seen[50:100]


def test_the_audit_is_filtered_by_who_and_what(admin: Client, person: Any) -> None:
    taro = person("viewer", username="taro")
    add_rows(1)
    add_rows(1, actor="taro", person_id=taro.pk, action="upload.add", subject="upload:1")
    assert "Uploaded a report" not in [each.what for each in admin.get("/audit/?who=boss").context["entries"]]
    assert [each.what for each in admin.get("/audit/?action=upload.add").context["entries"]] == ["Uploaded a report"]
    assert [each.what for each in admin.get(f"/audit/?person={taro.pk}").context["entries"]] == ["Uploaded a report"]
    assert "The filter hides all changes" in text(admin.get("/audit/?who=nobody"))


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2026-01-01~1",
        "before=2026-01-01T00:00:00Z~" + "9" * 30,
        "person=²",
        "person=" + "9" * 30,
        "person=" + "9" * 4_301,
        "who=%00",
    ],
)
def test_an_address_made_up_by_hand_breaks_nothing(admin: Client, query: str) -> None:
    add_rows(1)
    assert admin.get(f"/audit/?{query}").status_code == 200


def test_what_was_said_of_a_report_is_written_out(admin: Client) -> None:
    add_rows(1, action="upload.add", after={"name": "r.json", "options": {"source": "trivy", "complete": True}})
    assert "Options Source: trivy, Names all there is: yes" in text(admin.get("/audit/"))


def test_every_action_that_is_audited_has_a_word() -> None:
    """Codes are written as literals: those that are handed to the audit are found in the code."""
    import re
    from pathlib import Path

    from kairan import services
    from kairan.web.words import ACTION

    code = "".join(path.read_text() for path in Path(services.__file__).parent.glob("*.py"))
    things = "alias|case|delivery|demo|destination|held|login|person|replay|token|upload|view"
    found = set(re.findall(rf'"((?:{things})\.[a-z_]+)"', code)) - {"case.create_ticket", "case.send_triage"}  # buttons
    assert len(found) > 15
    assert found <= set(ACTION), found - set(ACTION)


# --- the account -----------------------------------------------------------------------------------------------------


def test_the_account_is_changed_and_speaks_the_new_language(viewer: Client) -> None:
    said = {"do": "profile", "name": HOSTILE, "email": "v@example.com", "language": "ja", "time_zone": "Asia/Tokyo"}
    page = viewer.post("/account/", said, follow=True).content.decode()
    assert '<html lang="ja"' in page
    assert HOSTILE not in page
    assert "Asia/Tokyo" in page


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"time_zone": "Mars/Base"}, "no such time zone"),
        ({"email": "nowhere"}, "valid email"),
        ({"name": "\u202e"}, "see"),
    ],
)
def test_the_account_says_what_to_mend(viewer: Client, said: dict[str, str], says: str) -> None:
    right = {"do": "profile", "name": "", "email": "", "language": "en", "time_zone": "UTC"}
    assert says in text(viewer.post("/account/", right | said))


def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(person: Any) -> None:
    someone, here, elsewhere = person("viewer", username="taro"), Client(), Client()
    here.force_login(someone)
    elsewhere.force_login(someone)
    said = {"do": "password", "old": WORDS, "password": "another long phrase", "again": "another long phrase"}
    assert "The password was changed" in text(here.post("/account/", said, follow=True))
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert Client().post("/login/", {"username": "taro", "password": "another long phrase"}).status_code == 302


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"old": "wrong"}, "not your current password"),
        ({"again": "differs in something"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
    ],
)
def test_a_new_password_is_refused_with_the_reason(viewer: Client, said: dict[str, str], says: str) -> None:
    right = {"do": "password", "old": WORDS, "password": "another long phrase", "again": "another long phrase"}
    assert says in text(viewer.post("/account/", right | said))


def test_a_token_is_shown_once_and_revoked(viewer: Client) -> None:
    from kairan.services import tokens

    page = viewer.post(
        "/account/", {"do": "token", "name": "nightly", "scope": "read", "lifetime": "30"}
    ).content.decode()
    [secret] = re.findall(r'value="(kairan_[\w-]+)"', page)
    assert tokens.authenticate(secret, timezone.now()) is not None
    again = viewer.get("/account/")
    assert secret not in again.content.decode()
    number = again.context["tokens"][0][0].id
    viewer.post("/account/", {"do": "revoke", "token": number})
    assert tokens.authenticate(secret, timezone.now()) is None


def test_nobody_revokes_a_token_of_somebody_else_from_their_account(viewer: Client, person: Any) -> None:
    from kairan.services import tokens

    secret, number = tokens.create(person("viewer").pk, "theirs", "read", None, timezone.now(), "")
    assert viewer.post("/account/", {"do": "revoke", "token": number}).status_code == 400
    assert tokens.authenticate(secret, timezone.now()) is not None


# --- teams -----------------------------------------------------------------------------------------------------------


def test_without_teams_the_page_says_what_is_known_and_where_to_go(viewer: Client) -> None:
    page = text(viewer.get("/teams/"))
    assert "No team is set up yet" in page
    assert "kairan.yaml" in page


def test_a_team_with_its_people_and_rules_in_order(viewer: Client, person: Any) -> None:
    from kairan.store.models import Ownership, Team, TeamMember

    team = Team.objects.create(key="shop", name=HOSTILE, language="ja", time_zone="Asia/Tokyo")
    TeamMember.objects.create(team=team, person=person("triager", username="taro", name="太郎"))
    Ownership.objects.create(position=20, team=team, matches={"repo": ["acme/*", HOSTILE]})
    Ownership.objects.create(position=3, team=team, matches={"image": "registry.example/shop"})
    assert HOSTILE not in viewer.get("/teams/").content.decode()
    page = viewer.get("/teams/shop/")
    assert HOSTILE not in page.content.decode()
    seen = text(page)
    assert "太郎" in seen
    assert seen.index("registry.example/shop") < seen.index("acme/*")
    assert "日本語" in seen
    assert viewer.get("/teams/none/").status_code == 404
