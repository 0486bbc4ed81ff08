"""What people do at their desks. Runs on the data folder of KAIRAN_DATA.

`python -m tests.torture.desk REPORT...` hands documents in as the pages do and prints the uploads' numbers; without a
report: a token. The rest is done beside deliveries (tests.torture.deliverer): two names turn out to be one problem, a
configuration is applied, somebody looks into a channel and says what became of an uncertain message.
"""

import json
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import ProxyHandler, build_opener

from kairan.entrypoints.running import store
from kairan.runtime import clock

TEAMS = ("shop", "pay", "ops")
LOOKED_AT = timedelta(seconds=5)  # by then what the destination took late is there
_TRIES = 5
MOST_OPEN = 30  # of the youngest cases people merge some
_YOUNGEST = "SELECT id FROM cases WHERE merged_into_id IS NULL AND state = 'open' ORDER BY id DESC LIMIT %s"


def apply(url: str, chance: Random) -> None:
    """Put a configuration in force in which each team reads in one of its two channels."""
    import msgspec
    import yaml

    from kairan.domain.config import Channel, Config, Destination, Rule, Team, Tell
    from kairan.services import applying
    from kairan.services.actor import Actor
    from kairan.services.config_file.checking import check_text

    teams = tuple(Team(key, channels={"dummy": Channel(f"C-{key}{chance.choice(('', '-2'))}", key)}) for key in TEAMS)
    settings: dict[str, object] = {"url": url, "timeout": 0.3}
    dummy = Destination("dummy", "dummy", Channel("C-psirt", "psirt"), settings=settings)
    rule = Rule("all", tell=(Tell(to="dummy", audience="psirt", form=True), Tell(to="dummy")))
    config = msgspec.to_builtins(Config(destinations=(dummy,), teams=teams, rules=(rule,)))
    checked = check_text(yaml.safe_dump(config), "kairan.yaml", clock.now())
    assert checked.config is not None, [str(each) for each in checked.complaints]
    applying.apply(checked, Actor("torture"), clock.now())


def merge(chance: Random) -> None:
    """Two cases turn out to be one. As the router does it; a post of theirs that is claimed meanwhile is in the way."""
    import psycopg

    from kairan.services import route

    for _ in range(_TRIES):
        with route.alone(), suppress(psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
            return _merge(chance)


def _merge(chance: Random) -> None:
    from django.db import transaction

    from kairan.store.connection import raw_cursor

    with transaction.atomic():
        cursor = raw_cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(_YOUNGEST, (MOST_OPEN,))
        known = sorted(row[0] for row in cursor)
        if len(known) >= 2:
            _fold(cursor, *sorted(chance.sample(known, 2)), clock.now())


def _fold(cursor: Any, target: int, case: int, now: datetime) -> None:
    from kairan.domain.news import Code, News
    from kairan.services import case_events
    from kairan.store.queries import case_folds, case_totals

    case_totals.lock(cursor, [target, case])
    cursor.execute("CREATE TEMP TABLE rt_case_fold (id bigint, target bigint) ON COMMIT DROP")
    cursor.execute("INSERT INTO rt_case_fold VALUES (%s, %s)", (case, target))
    case_folds.fold_cases(cursor, now)
    case_events.record(cursor, [News(target, Code.MERGED, now, None, {"case": case})], now)


def settle(url: str, chance: Random) -> None:
    """Somebody looks into the channel and says what became of an uncertain message; a look may be under way."""
    from kairan.domain.errors import IllegalTransition
    from kairan.services import deliver
    from kairan.services.actor import Actor
    from kairan.store.models import Delivery

    old = Delivery.objects.filter(state="uncertain", edits=False, sending_since__lt=clock.now() - LOOKED_AT)
    rows = list(old.order_by("pk").values_list("pk", "marker"))
    if not rows:
        return
    number, marker = chance.choice(rows)
    with build_opener(ProxyHandler({})).open(f"{url}/log", timeout=20) as answer:
        there = any(each["marker"] == str(marker) for each in json.load(answer)["messages"])
    with suppress(IllegalTransition):  # the look was quicker
        deliver.settle_by_hand(number, Actor("torture"), clock.now(), there=there)


def _hand_in(path: str) -> int:
    from kairan.services.uploads import receive

    return receive(Path(path).name, iter([Path(path).read_bytes()]), {}, None, clock.now())


def _token() -> str:
    from kairan.domain.rights import Role
    from kairan.services import tokens
    from kairan.store.models import Person

    person = Person.objects.create(username="torture", role=Role.ADMINISTRATOR, created_at=clock.now())
    return tokens.create(person.pk, "torture", "write", None, clock.now(), "torture")[0]


if __name__ == "__main__":
    with store():
        print(*(map(_hand_in, sys.argv[1:]) if sys.argv[1:] else [_token()]))
