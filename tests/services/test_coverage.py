"""What nobody looks at, and what is told and never acted upon."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kairan.domain.config import Channel, Destination, Ownership, Team, Tell
from kairan.domain.rights import Role
from kairan.services import coverage, noise, triage
from kairan.services.actor import Actor
from kairan.services.coverage import Gap, Row
from kairan.store.models import CasePart, Person
from tests.reports import NOW, day, instant, record, records, report, take
from tests.services.insight import URGENT, bring, put

pytestmark = pytest.mark.usefixtures("store", "archive_home")
REPOSITORY = {
    "ArtifactType": "repository",
    "ArtifactName": "https://github.com/acme/web",
    "Metadata": {"RepoURL": "https://github.com/acme/web"},
}


def rows(gap: Gap, now: datetime = NOW) -> list[Row]:
    return [row for section in coverage.coverage(now) if section.gap is gap for row in section.rows]


def names(gap: Gap, now: datetime = NOW) -> list[str]:
    return [row.name for row in rows(gap, now)]


def test_every_gap_is_answered_also_where_there_is_none() -> None:
    assert [section.gap for section in coverage.coverage(NOW)] == list(Gap)


def test_what_the_file_names_and_no_source_reported() -> None:
    entry = Ownership(
        "shop", repository=("acme/web", "acme/old"), account=("000000000001",), cluster=("prod",), namespace=("shop",)
    )
    put(URGENT, ownership=(entry, Ownership("pay", image=("*/shop", "shop", "gone/*"))))
    take(report(record()) | REPOSITORY, report(record()))
    found = {(row.kind, row.name) for row in rows(Gap.NAMED_NEVER_SEEN)}
    assert ("repository", "acme/web") not in found
    assert ("image", "shop") not in found
    assert found >= {
        ("repository", "acme/old"),
        ("account", "000000000001"),
        ("cluster", "prod"),
        ("namespace", "shop"),
        ("image", "gone/*"),
    }


def test_a_repository_that_is_reported_and_not_listed() -> None:
    put(URGENT, ownership=(Ownership("shop", repository=("acme/other",)),))
    take(report(record()) | REPOSITORY)
    assert names(Gap.UNLISTED) == ["github.com/acme/web"]
    put(URGENT, ownership=(Ownership("shop", repository=("acme/*",)),))
    assert names(Gap.UNLISTED) == []


def test_where_no_repository_is_listed_at_all_none_is_missing() -> None:
    put(URGENT)
    take(report(record()) | REPOSITORY)
    assert names(Gap.UNLISTED) == []


def test_what_was_read_regularly_and_no_longer_is() -> None:
    put(URGENT)
    for number in range(1, 9):
        take(report(record(), at=day(number)), now=instant(number))
    for number in range(1, 20):
        take(report(record(), at=day(number), image="other:1"), now=instant(number))
    assert names(Gap.OVERDUE, instant(9)) == []
    [late] = rows(Gap.OVERDUE, instant(20))
    assert (late.where, late.last, late.every) == ("trivy", instant(8), timedelta(days=1))
    assert "shop" in late.name


def test_a_source_that_has_gone_silent() -> None:
    put(URGENT)
    for number in range(1, 9):
        take(report(record(), at=day(number)), now=instant(number))
    assert names(Gap.SILENT, instant(9)) == []
    assert names(Gap.SILENT, instant(20)) == ["trivy"]


def test_assets_with_open_findings_that_are_nobodys() -> None:
    put(URGENT)
    bring(report(record()), report(*records(3), image="other:1"))
    [row] = rows(Gap.UNOWNED)
    assert ("other" in row.name, row.findings) == (True, 3)


def test_teams_that_cannot_be_reached_and_teams_without_people() -> None:
    dummy = Destination("chat", "dummy", Channel("C-psirt", "psirt"), settings={"url": "http://127.0.0.1:9"})
    rule = URGENT.__class__(name="urgent", tell=(Tell(to="chat"),))
    put(rule, destinations=(dummy,), teams=(Team("shop"), Team("pay", channels={"chat": Channel("C1")})))
    assert [(row.name, row.where) for row in rows(Gap.NO_CHANNEL)] == [("shop", "chat")]
    assert names(Gap.NO_MEMBERS) == ["pay", "shop"]


def test_the_preview_needs_no_channel() -> None:
    put(URGENT, teams=(Team("shop"),))
    assert names(Gap.NO_CHANNEL) == []


# --- noise ------------------------------------------------------------------------------------------------------------


def someone() -> Actor:
    person = Person.objects.create(username="aki", role=Role.TRIAGER, created_at=NOW)
    return Actor("aki", person.pk, "test")


def heard(now: datetime, within: int = 7) -> dict[str, Any]:
    return {each.channel_name: each for each in noise.noise(30, within, now).heard}


def test_told_and_acted_upon_are_counted_by_rule_and_channel() -> None:
    put(URGENT)
    bring(report(at=day(1)), now=instant(1))
    bring(report(*records(3), at=day(3)), now=instant(3))
    first, second, _ = CasePart.objects.order_by("pk")
    triage.claim(first.pk, someone(), instant(3) + timedelta(hours=5))
    bring(report(*records(1), at=day(5)), now=instant(5))  # the second and third are fixed without a word
    found = heard(instant(9))["shop"]
    assert (found.rule, found.cases, found.acted, found.fixed, found.ignored) == ("urgent", 3, 1, 2, 0)
    assert found.first_answer == timedelta(hours=5)
    assert second.pk


def test_what_comes_late_does_not_count() -> None:
    put(URGENT)
    bring(report(at=day(1)), now=instant(1))
    bring(report(record(), at=day(3)), now=instant(3))
    triage.claim(CasePart.objects.get().pk, someone(), instant(13))
    assert heard(instant(14), within=7)["shop"].acted == 0
    assert heard(instant(14), within=14)["shop"].acted == 1


def test_a_rule_that_never_led_to_anything_is_named() -> None:
    put(URGENT)
    bring(report(at=day(1)), now=instant(1))
    bring(report(record(), at=day(3)), now=instant(3))
    assert noise.noise(30, 7, instant(9)).without_action == ["urgent"]
    triage.comment(CasePart.objects.get().case_id, "we are on it", someone(), instant(4))
    assert noise.noise(30, 7, instant(9)).without_action == []


def test_nothing_told_is_no_noise() -> None:
    assert noise.noise(30, 7, NOW).heard == []
