"""A town in which cases are told: a configuration in force, cases with parts, a dummy destination that can fail, a
clock that is moved by hand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from kairan.destinations.dummy.faults import Dice, Faults
from kairan.destinations.dummy.ledger import Ledger
from kairan.destinations.dummy.server import DummyServer
from kairan.domain.config import Channel, Config, Destination, Rule, Team, Tell
from kairan.domain.news import Code, News

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)  # a Wednesday
TEAMS = ("shop", "pay", "ops")
TELLS = (Tell(to="dummy", audience="psirt", form=True), Tell(to="dummy"))


class Town:
    """`server` is the dummy's other side; `now` is what everybody's clock shows."""

    def __init__(self, server: DummyServer) -> None:
        self.server, self.now = server, NOW
        self.settings: dict[str, object] = {"url": server.url, "timeout": 0.5}
        self.config = self.apply()

    def clock(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)

    def apply(self, tells: tuple[Tell, ...] = TELLS, **more: Any) -> Config:
        """Put a configuration in force: three teams with a channel each, one rule."""
        from django.db import connection

        from kairan.store.models import ConfigVersion
        from kairan.store.models import Team as TeamRow

        zone = more.pop("time_zone", "")
        channels: dict[str, str] = more.pop("channels", {})
        rule = Rule(name="all", tell=tells, **more.pop("rule", {}))
        teams = tuple(
            Team(key, members=(), time_zone=zone, channels={"dummy": Channel(channels.get(key, f"C-{key}"), key)})
            for key in TEAMS
        )
        dummy = Destination("dummy", "dummy", Channel("C-psirt", "psirt"), settings=self.settings)
        said = {"destinations": (dummy,), "teams": teams, "rules": (rule,), "time_zone": zone or "UTC"} | more
        self.config = Config(**said)
        for key in TEAMS:
            TeamRow.objects.get_or_create(key=key, defaults={"name": key})
        ConfigVersion.objects.create(
            files={}, config=msgspec.to_builtins(self.config), digest=b"", applied_at=self.now, actor="test"
        )
        assert connection.is_usable()
        return self.config

    def case(self, *teams: str, told: bool = False, **said: Any) -> Any:
        """A case with a part for each of these teams; "" is nobody's."""
        from kairan.store.models import Case, CasePart
        from kairan.store.models import Team as TeamRow

        row = {"rule": "all", "group_by": "vulnerability", "group_key": str(Case.objects.count()), "title": "CVE"}
        row |= {"state": "open", "status": "new", "severity": 4, "opened_at": self.now, "updated_at": self.now}
        case = Case.objects.create(**row | {"told_at": self.now if told else None} | said)
        for key in teams or ("shop",):
            team = TeamRow.objects.get(key=key) if key else None
            CasePart.objects.create(
                case=case, team=team, status="new", status_since=self.now, severity=4, opened_at=self.now
            )
        return case

    def change(self, case: Any, **said: Any) -> None:
        """Change columns of a case."""
        type(case).objects.filter(pk=case.pk).update(**said)

    def news(self, case: Any, code: Code, *, part: Any = None, by: str = "", **params: object) -> None:
        self.tell([News(case.pk, code, self.now, part.pk if part else None, params, by)])

    def tell(self, news: list[News]) -> None:
        from django.db import transaction

        from kairan.services import tell
        from kairan.store.connection import raw_cursor

        with transaction.atomic():
            tell.news(raw_cursor(), self.config, news, self.now)

    def work(self) -> bool:
        """Whatever can be sent or looked for now."""
        from kairan.services import deliver

        return deliver.work(self.clock, linger=timedelta())

    def fail(self, **faults: Any) -> None:
        """From now on these things go wrong."""
        self.server.dice.faults = Faults(**faults)

    def deliveries(self, **which: Any) -> list[Any]:
        from kairan.store.models import Delivery

        return list(Delivery.objects.filter(**which).order_by("pk"))

    def only(self, **which: Any) -> Any:
        (found,) = self.deliveries(**which)
        return found

    def state(self) -> Any:
        from kairan.store.models import DestinationState

        return DestinationState.objects.get(name="dummy")

    def posted(self, channel: str | None = None) -> list[dict[str, Any]]:
        """What the other side has, in its order."""
        return [each for each in self.server.ledger.log() if channel in {None, each["channel"]}]

    def purposes(self, channel: str | None = None) -> list[str]:
        return [each["payload"]["purpose"] for each in self.posted(channel)]

    def delete(self, message: str, channel: str) -> None:
        httpx.delete(f"{self.server.url}/channels/{channel}/messages/{message}", trust_env=False).raise_for_status()


@contextmanager
def town() -> Iterator[Town]:
    server = DummyServer(0, Dice(1, Faults()), Ledger())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        found = Town(server)
        yield found
        assert server.turned_away == [], "the dummy was sent what its protocol does not allow"
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
