"""A worker that can be killed: makes news and delivers, on the store of its nursery (tests.torture.nursery).

`--url URL --seed 1 --news 20`: says "told" for each piece of news, and goes on until it is killed; `--peace` makes no
news and ends when everything is settled; `--found` puts a configuration in force.
"""

import argparse
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from django.db import transaction

from kairan.domain.news import Code, News
from kairan.runtime import clock
from kairan.services import case_events, deliver, route
from kairan.store.connection import raw_cursor
from kairan.store.models import Case, CasePart, Delivery, Team
from tests.torture import desk

STATUSES = ("triaging", "action_needed", "fix_claimed", "waiting_for_verification", "new")


def run(words: Sequence[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--news", type=int, default=0)
    options.add_argument("--peace", action="store_true")
    options.add_argument("--found", action="store_true")
    given = options.parse_args(words)
    chance = Random(given.seed)
    if given.found:
        desk.apply(given.url, chance)
        return
    threading.Thread(target=_deliver, daemon=True).start()
    for _ in range(given.news):
        _something_happens(chance, given.url)
        print("told", flush=True)
        time.sleep(0.05)
    while not (given.peace and _is_settled()):
        time.sleep(0.2)


def _deliver() -> None:
    """As fast as the destination takes it, while news goes on."""
    while True:
        deliver.work(clock.now, linger=timedelta(seconds=1))
        time.sleep(0.05)


def _something_happens(chance: Random, url: str) -> None:
    """A case is opened, changes, is still seen, or closed at last; now and then people do what is in `desk`."""
    if chance.random() < 0.3:
        _is_opened(chance)
    else:
        _goes_on(chance)
    _oldest_is_closed()
    if chance.random() < 0.35:
        _people_do_something(chance, url)


def _people_do_something(chance: Random, url: str) -> None:
    what = chance.random()
    if what < 0.25:
        desk.apply(url, chance)
    elif what < 0.75:
        desk.merge(chance)
    else:
        desk.settle(url, chance)


def _is_opened(chance: Random) -> None:
    """As the router does: not while a configuration is applied."""
    now = clock.now()
    with route.alone(), transaction.atomic():
        case_events.record(raw_cursor(), [News(_open(chance, now).pk, Code.OPENED, now)], now)


def _goes_on(chance: Random) -> None:
    now = clock.now()
    with transaction.atomic():
        known = list(_open_cases().order_by("-pk").values_list("pk", flat=True)[: desk.MOST_OPEN])
        if not known:
            return
        case = Case.objects.select_for_update().get(pk=chance.choice(known))
        if case.merged_into_id is None and case.state == "open":
            code = chance.choice((Code.CLAIMED, Code.MOVED, Code.STILL_SEEN))
            Case.objects.filter(pk=case.pk).update(status=chance.choice(STATUSES))
            case_events.record(raw_cursor(), [News(case.pk, code, now)], now)


def _oldest_is_closed() -> None:
    """Nobody has more than some cases at a time."""
    now = clock.now()
    with transaction.atomic():
        for number in _open_cases().order_by("-pk").values_list("pk", flat=True)[desk.MOST_OPEN : desk.MOST_OPEN + 1]:
            case = Case.objects.select_for_update().get(pk=number)
            if case.merged_into_id is not None or case.state != "open":
                return
            Case.objects.filter(pk=number).update(state="closed", status="resolved", closed_at=now)
            CasePart.objects.filter(case=number).update(status="resolved")
            parts = CasePart.objects.filter(case=number).order_by("pk").values_list("pk", flat=True)
            solved = [News(number, Code.PART_RESOLVED, now, part, {"reasons": {}}) for part in parts]
            case_events.record(raw_cursor(), [*solved, News(number, Code.CLOSED, now)], now)


def _open_cases() -> Any:
    return Case.objects.filter(merged_into=None, state="open")


def _open(chance: Random, now: Any) -> Any:
    told = {"told_at": now, "opened_at": now, "updated_at": now, "severity": 4, "status": "new"}
    key = str(chance.getrandbits(60))
    case = Case.objects.create(rule="all", group_by="vulnerability", group_key=key, title=key, state="open", **told)
    part = {"status": "new", "status_since": now, "severity": 4, "opened_at": now, "told_at": now}
    for team in chance.sample(list(Team.objects.order_by("pk")), chance.randint(1, 3)):
        CasePart.objects.create(case=case, team=team, **part)
    return case


def _is_settled() -> bool:
    return not Delivery.objects.filter(state__in=("pending", "sending", "uncertain")).exists()
