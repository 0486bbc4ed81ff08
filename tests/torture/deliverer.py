"""A worker that can be killed: makes news and delivers, on the data folder of KAIRAN_DATA.

`python -m tests.torture.deliverer --url URL --seed 1 --news 20` says "ready" and goes on until it is killed;
`--peace` makes no news and ends when everything is settled; `--found` puts a configuration in force.
"""

import argparse
import sys
from datetime import timedelta
from random import Random
from typing import Any

from kairan.entrypoints.running import store
from kairan.runtime import clock

TEAMS = ("shop", "pay", "ops")
STATUSES = ("triaging", "action_needed", "fix_claimed", "waiting_for_verification", "new")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--news", type=int, default=0)
    options.add_argument("--peace", action="store_true")
    options.add_argument("--found", action="store_true")
    given = options.parse_args()
    with store():
        if given.found:
            _found(given.url)
            return
        chance = Random(given.seed)
        _work(0)
        print("ready", flush=True)
        for _ in range(given.news):
            _something_happens(chance)
            _work(0.05)
        while not (given.peace and _is_settled()):
            _work(1.0)


def _work(seconds: float) -> None:
    from kairan.services import deliver

    deliver.work(clock.now, linger=timedelta(seconds=seconds))


def _found(url: str) -> None:
    import msgspec

    from kairan.domain.config import Channel, Config, Destination, Rule, Team, Tell
    from kairan.store.models import ConfigVersion
    from kairan.store.models import Team as Row

    teams = tuple(Team(key, channels={"dummy": Channel(f"C-{key}", key)}) for key in TEAMS)
    settings: dict[str, object] = {"url": url, "timeout": 0.3}
    dummy = Destination("dummy", "dummy", Channel("C-psirt", "psirt"), settings=settings)
    rule = Rule("all", tell=(Tell(to="dummy", audience="psirt", form=True), Tell(to="dummy")))
    config = msgspec.to_builtins(Config(destinations=(dummy,), teams=teams, rules=(rule,)))
    ConfigVersion.objects.create(files={}, config=config, digest=b"", applied_at=clock.now(), actor="torture")
    Row.objects.bulk_create([Row(key=key, name=key) for key in TEAMS])


def _something_happens(chance: Random) -> None:
    """A case is opened; or one of those there are changes, or is still seen."""
    from django.db import transaction

    from kairan.domain.news import Code, News
    from kairan.services import case_events
    from kairan.store.connection import raw_cursor
    from kairan.store.models import Case

    now = clock.now()
    with transaction.atomic():
        known = list(Case.objects.order_by("-pk").values_list("pk", flat=True)[:30])
        if not known or chance.random() < 0.3:
            case, code = _open(chance, now), Code.OPENED
        else:
            case = Case.objects.select_for_update().get(pk=chance.choice(known))
            code = chance.choice((Code.CLAIMED, Code.MOVED, Code.STILL_SEEN))
            Case.objects.filter(pk=case.pk).update(status=chance.choice(STATUSES))
        case_events.record(raw_cursor(), [News(case.pk, code, now)], now)


def _open(chance: Random, now: Any) -> Any:
    from kairan.store.models import Case, CasePart, Team

    told = {"told_at": now, "opened_at": now, "updated_at": now, "severity": 4, "status": "new"}
    key = str(chance.getrandbits(60))
    case = Case.objects.create(rule="all", group_by="vulnerability", group_key=key, title=key, state="open", **told)
    part = {"status": "new", "status_since": now, "severity": 4, "opened_at": now, "told_at": now}
    for team in chance.sample(list(Team.objects.order_by("pk")), chance.randint(1, 3)):
        CasePart.objects.create(case=case, team=team, **part)
    return case


def _is_settled() -> bool:
    from kairan.store.models import Delivery

    return not Delivery.objects.filter(state__in=("pending", "sending", "uncertain")).exists()


if __name__ == "__main__":
    sys.exit(main())
