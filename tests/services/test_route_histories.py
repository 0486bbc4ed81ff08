"""Whatever happens, in batches of whatever size: cases end the same, and what never may be is not."""

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairan.domain.config import Rule
from kairan.services import route, triage
from kairan.services.actor import Actor
from kairan.services.triage import Choice
from kairan.store.models import CasePart, Finding
from tests.reports import NOW, osv, record, report, take
from tests.ruling import HIGH, put
from tests.stores import rows_as_written

pytestmark = pytest.mark.usefixtures("sound_store")

IDS = ("CVE-2026-0001", "CVE-2026-0002", "GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff")
IMAGES = ("web", "pay", "ops")
ALIASES = (("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001"), ("GHSA-dddd-eeee-ffff", "CVE-2026-0002"))
GROUPS = ("vulnerability", "fix", "asset", "vulnerability-team")
STATUSES = ("not_affected", "risk_accepted", "action_needed", "fix_claimed")

entries = st.dictionaries(
    st.sampled_from(IDS),
    st.tuples(st.sampled_from(["LOW", "HIGH", "CRITICAL"]), st.sampled_from(["", "1.2"])),
    max_size=4,
)
steps = st.one_of(
    st.tuples(st.just("scan"), st.sampled_from(IMAGES), entries),
    st.tuples(st.just("alias"), st.sampled_from(ALIASES)),
    st.tuples(st.just("apart"), st.sampled_from(ALIASES)),
    st.tuples(st.just("owners"), st.dictionaries(st.sampled_from(IMAGES), st.sampled_from(IMAGES), max_size=3)),
    st.tuples(st.just("decide"), st.integers(0, 5), st.sampled_from(STATUSES)),
    st.tuples(st.just("wait"), st.sampled_from([1, 40, 100])),
)
histories = st.tuples(st.sampled_from(GROUPS), st.lists(steps, min_size=3, max_size=7))


class History:
    """Plays a history. All that has no order of its own is done in the order of natural names."""

    def __init__(self, group_by: Any, size: int) -> None:
        self.size, self.now, self.scans = size, NOW, 0
        self.rules = [Rule(name="critical", when="severity:critical", group_by=group_by), HIGH_AS(group_by)]
        put(rules=self.rules, owners={"image:web": "web"}, now=self.now)

    def play(self, steps: list[Any]) -> None:
        everything = dict.fromkeys(IDS, ("HIGH", "1.2"))
        for image in IMAGES:  # all is there at first: what follows meets something
            self.scan(image, everything)
        for name, *said in [("wait", 1), *steps]:
            getattr(self, name)(*said)
            route.drain(self.now, size=self.size)
            self.now += timedelta(hours=1)

    def scan(self, image: str, found: dict[str, tuple[str, str]]) -> None:
        self.scans += 1
        told = [record(each, severity=how, fixed=fixed) for each, (how, fixed) in sorted(found.items())]
        at = self.now.isoformat().replace("+00:00", "Z")
        take(report(*told, image=f"{image}:{self.scans}", at=at), now=self.now)

    def alias(self, pair: tuple[str, str]) -> None:
        take(osv(*pair), now=self.now)

    def apart(self, pair: tuple[str, str]) -> None:
        from kairan.domain.errors import KairanError
        from kairan.services import aliases

        try:
            aliases.withdraw(*pair, back=False, actor="test", now=self.now)
        except KairanError:
            return

    def owners(self, owners: dict[str, str]) -> None:
        put(rules=self.rules, owners={f"image:{image}": team for image, team in owners.items()}, now=self.now)

    def decide(self, number: int, status: str) -> None:
        from kairan.domain.errors import IllegalTransition

        parts = sorted(CasePart.objects.exclude(status="resolved").select_related("case", "team"), key=_name)
        if not parts:
            return
        justification = "component_not_present" if status == "not_affected" else ""
        until = self.now + timedelta(days=30) if status == "risk_accepted" else None
        choice = Choice(status, justification, reason=f"so {self.now}", until_at=until)
        try:
            triage.decide(parts[number % len(parts)].pk, choice, Actor("test"), self.now)
        except IllegalTransition:
            return

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)


def HIGH_AS(group_by: Any) -> Rule:  # noqa: N802
    return Rule(name=HIGH.name, when=HIGH.when, group_by=group_by, tell=HIGH.tell)


def _name(part: CasePart) -> tuple[Any, ...]:
    names = Finding.objects.filter(id__in=part.links.filter(left_at=None).values("finding"))
    found = sorted((str(each.home.primary_id), each.asset.name) for each in names.select_related("home", "asset"))
    return found, part.team.key if part.team else "", part.case.opened_at


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("KAIRAN_HISTORIES", "8")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(history=histories)
def test_the_size_of_batches_makes_no_difference(history: Any, emptied: Any, seen: Any) -> None:
    ends = []
    for size in (1, 1000):
        emptied()
        history_of = History(history[0], size)
        history_of.play(history[1])
        ends.append(seen("cases", "parts", "places"))
    assert ends[0] == ends[1]
    _again_changes_nothing(history_of.now)


def _again_changes_nothing(now: Any) -> None:
    from kairan.store.connection import raw_cursor
    from kairan.store.queries import unrouted

    cursor = raw_cursor()
    tables = ("cases", "case_part", "case_finding", "case_event")
    before = rows_as_written(cursor, *tables)
    unrouted.add(cursor, list(Finding.objects.values_list("id", flat=True)), None, now)
    route.drain(now)
    assert rows_as_written(cursor, *tables) == before
