"""Rules tried on what happened: cases and messages counted as routing and telling would have made them."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kairan.domain.config import Ownership, QuietHours, Rule, Tell
from kairan.domain.errors import ConfigError
from kairan.services import messages, try_rules
from kairan.services.try_rules import Tried
from kairan.store.models import Case, CaseEvent, Delivery
from tests.reports import NOW, day, instant, record, records, report, take
from tests.services.insight import TELLS, URGENT, bring, deliver, put, route

pytestmark = pytest.mark.usefixtures("store", "archive_home")
PSIRT, TEAMS = TELLS
Cli = Callable[..., subprocess.CompletedProcess[str]]


def tried(*rules: Rule, days: int = 30, **more: Any) -> Tried:
    return try_rules.try_rule(put(*rules), (rules[-1]).name, days, NOW, **more)


def lanes(found: Tried) -> dict[str, tuple[int, int]]:
    return {place.name: (lane.messages, lane.per_finding.total()) for place, lane in found.tally.lanes.items()}


def history() -> None:
    """A first look long ago, then: one opens in two images, closes, comes back."""
    take(report(at=day(1)), report(at=day(1), image="other:1"))
    take(report(record(), at=day(3)), report(record(), at=day(3), image="other:1"))
    take(report(at=day(5)), report(at=day(5), image="other:1"))
    take(report(record(), at=day(7)))


def test_it_counts_cases_opened_reopened_and_closed() -> None:
    history()
    found = tried(URGENT)
    assert (found.tally.opened, found.tally.closed, found.tally.reopened) == (1, 1, 1)
    assert (found.tally.findings, found.tally.open_at_end) == (3, 1)


def test_by_asset_each_asset_has_its_case() -> None:
    history()
    found = tried(Rule(name="each", group_by="asset", tell=TELLS))
    assert (found.tally.opened, found.tally.closed, found.tally.reopened) == (2, 2, 1)


def test_beyond_reopen_within_it_is_a_new_case() -> None:
    history()
    assert tried(Rule(name="short", reopen_within="1d", tell=TELLS)).tally.opened == 2


def test_what_lies_before_the_days_sets_the_stage_only() -> None:
    history()
    found = tried(URGENT, days=(NOW - instant(6)).days)
    assert (found.tally.opened, found.tally.closed, found.tally.reopened) == (0, 0, 1)


def test_messages_beside_one_for_each_finding() -> None:
    history()
    # PSIRT: opened, closed, open again. The team the same; what is nobody's reaches PSIRT alone.
    assert lanes(tried(URGENT)) == {"psirt": (3, 3), "shop": (3, 2)}


def test_a_digest_is_one_message_however_many_cases() -> None:
    take(report(at=day(1)))
    take(report(*records(20), at=day(3)))
    found = tried(Rule(name="weekly", tell=(Tell(to="preview", digest="0 9 * * 1"),)))
    assert (found.tally.opened, lanes(found)) == (20, {"shop": (1, 20)})


def test_over_the_ceiling_is_rolled_up() -> None:
    take(report(at=day(1)))
    take(report(*records(20), at=day(3)))
    found = tried(Rule(name="loud", tell=(Tell(to="preview", ceiling=5),)))
    [lane] = found.tally.lanes.values()
    assert (lane.messages, lane.rolled_up, lane.per_finding.total()) == (6, 15, 20)


def test_what_an_earlier_rule_opens_this_one_only_adds_to() -> None:
    history()
    found = tried(Rule(name="first", when="severity:high"), URGENT)
    assert (found.tally.opened, found.tally.added, found.position) == (0, 1, 2)
    assert lanes(found)["psirt"][0] == 3


def test_a_sources_first_connection_is_told_in_slices_and_not_counted() -> None:
    take(report(*records(3), at=day(1)))
    found = tried(URGENT)
    assert (found.tally.opened, found.tally.baseline, found.messages) == (3, 3, 0)


def test_being_open_is_what_the_replay_is_about() -> None:
    history()
    assert tried(Rule(name="open", when="is:open", tell=TELLS)).tally.opened == 1
    assert tried(Rule(name="closed", when="is:closed", tell=TELLS)).tally.opened == 0
    assert tried(Rule(name="not-open", when="-is:open", tell=TELLS)).tally.opened == 0


def test_it_stops_where_it_is_told_to_and_says_so() -> None:
    history()
    found = tried(URGENT, most=2)
    assert (found.is_cut, found.steps, found.seen_to) == (True, 2, instant(3))


def test_it_tells_nobody_and_writes_nothing() -> None:
    history()
    tried(URGENT)
    assert not Case.objects.exists()
    assert not Delivery.objects.exists()


def test_the_replay_agrees_with_what_routing_did(cli: Cli) -> None:
    put(URGENT)
    bring(report(at=day(1)), report(at=day(1), image="other:1"))
    for number, *entries in ((3, record(), record("CVE-2026-0002")), (5,), (7, record()), (9, *records(4))):
        bring(report(*entries, at=day(number)), now=instant(number))
    found = try_rules.try_rule(put(URGENT), "urgent", 60, NOW)
    happened = CaseEvent.objects.filter(part=None)
    assert found.tally.opened == happened.filter(code="opened").count() == 4
    assert found.tally.closed == happened.filter(code="closed").count()
    posts = Delivery.objects.filter(purpose="psirt_post", edits=False).count()
    assert posts == found.tally.opened


NIGHT = QuietHours("20:00", "06:00")
WEEKLY = Tell(to="preview", digest="0 9 * * 1")


@pytest.mark.parametrize(
    "tells",
    [
        TELLS,
        (replace(PSIRT, form=True), TEAMS),
        (replace(PSIRT, form=True, ceiling=3), replace(TEAMS, ceiling=2)),
        (replace(PSIRT, ceiling=1, quiet_hours=NIGHT), replace(TEAMS, quiet_hours=NIGHT)),
        (PSIRT, WEEKLY),
    ],
    ids=["plain", "form", "ceiling", "quiet", "digest"],
)
def test_the_replay_agrees_with_what_was_told(tells: tuple[Tell, ...]) -> None:
    """Two teams: cases of one and of both, parts that close and come back with their case or alone, and a new team."""
    rule = Rule(name="urgent", when="severity:>=high", tell=tells)
    owners = (Ownership("shop", image=("*/shop", "shop")), Ownership("pay", image=("*/pay", "pay")))
    put(rule, ownership=owners)
    both, one, late = record("CVE-2026-0001"), record("CVE-2026-0002"), record("CVE-2026-0003")
    history: tuple[tuple[int, str, list[dict[str, Any]]], ...] = (
        (1, "shop", []),
        (1, "pay", []),
        (3, "shop", [both, one]),
        (3, "pay", [both]),
        (5, "shop", []),  # one is closed, of both the shop's part
        (7, "shop", [both]),  # which comes back by itself
        (9, "pay", [late]),
        (9, "shop", []),  # now both are closed
        (11, "pay", [both, late]),  # and it comes back with one of them
        (13, "shop", [late, *records(4, start=10)]),  # a new team, and some at once
        (15, "shop", [late, *records(4, start=10)]),
        (17, "shop", []),
        (17, "pay", []),
    )
    for number, image, entries in history:
        deliver(instant(number))  # what was held back until then
        bring(report(*entries, at=day(number), image=f"{image}:1"), now=instant(number))
    found = try_rules.try_rule(put(rule, ownership=owners), "urgent", 60, NOW)
    rows = Delivery.objects.filter(edits=False).exclude(state="cancelled")
    told = Counter(rows.values_list("channel_name", flat=True))
    assert {place.name: lane.messages for place, lane in found.tally.lanes.items()} == told


def test_an_unknown_rule_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="there are: urgent"):
        try_rules.try_rule(put(URGENT), "nothing", 30, NOW)


def test_a_file_that_is_not_applied_can_be_tried(cli: Cli, tmp_path: Path) -> None:
    history()
    file = tmp_path / "kairan.yaml"
    file.write_text("rules: [{name: mine, when: 'severity:high', tell: [{to: preview, audience: psirt}]}]")
    said = json.loads(cli("rules", "try", "mine", "--days", "3000", "--config", file, "--json").stdout)
    assert (said["rule"], said["cases"]["opened"]) == ("mine", 1)
    file.write_text("rules: [{name: mine, whem: 'severity:high'}]")
    done = cli("rules", "try", "mine", "--config", file)
    assert done.returncode == 2
    assert "whem" in done.stderr


def test_rules_are_listed(cli: Cli) -> None:
    put(URGENT)
    bring(report(record()))
    assert "urgent" in cli("rules").stdout
    [listed, behind] = json.loads(cli("rules", "--json").stdout)
    assert (listed["name"], listed["cases"]["open"]) == ("urgent", 1)
    assert (behind["name"], behind["when"]) == ("by-hand", "is:raised")
    assert "1 cases opened" in cli("rules", "try", "urgent", "--days", "3000").stdout


def test_messages_are_counted_per_channel_and_day_beside_one_for_each_finding() -> None:
    put(URGENT)
    bring(report(at=day(1)), now=instant(1))
    take(report(*records(2), at=day(3)), now=instant(3))
    route(instant(3))
    deliver(instant(3) + timedelta(minutes=5))
    found = messages.messages(30, NOW)
    on_the_third = {line.name: line for line in found.days if line.day == instant(3).date()}
    assert {name: (line.told, line.per_finding) for name, line in on_the_third.items()} == {
        "psirt": (2, 2),
        "shop": (2, 2),
    }
    assert (found.total.told, found.total.per_finding, found.total.share) == (4, 4, 1.0)


def test_messages_are_printed(cli: Cli) -> None:
    put(URGENT)
    bring(report(record()))
    assert "one per finding" in cli("messages").stdout
    assert json.loads(cli("messages", "--json", "--days", "9").stdout)["time_zone"] == "UTC"
