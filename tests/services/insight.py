"""A company whose rules are tried, explained and measured: its configuration put in force, its reports routed."""

from datetime import datetime, timedelta
from typing import Any

from kairan.domain.config import Channel, Config, Destination, Ownership, Rule, Source, Team, Tell
from tests.reports import NOW, take

PREVIEW = Destination("preview", "preview", Channel("psirt", "psirt"))
TELLS = (Tell(to="preview", audience="psirt"), Tell(to="preview"))
URGENT = Rule(name="urgent", when="severity:>=high", tell=TELLS)


def put(*rules: Rule, baseline: str = "tell", **more: Any) -> Config:
    """These rules in force, in a company of two teams: `shop` owns the image of that name, `pay` has nothing."""
    from kairan.services import configuration
    from kairan.services.actor import Actor
    from kairan.services.config_file.checking import of

    said: dict[str, Any] = {
        "teams": (
            Team("shop", name="Shop", channels={"preview": Channel("C-shop", "shop")}),
            Team("pay", channels={"preview": Channel("C-pay", "pay")}),
        ),
        "ownership": (Ownership("shop", image=("*/shop", "shop")),),
        "destinations": (PREVIEW,),
        "sources": (Source("trivy", "trivy", baseline=baseline),),  # type: ignore[arg-type]
    }
    config = Config(rules=rules, **said | more)
    configuration.apply(of(config, "test"), Actor("tester"), NOW)
    return configuration.active()


def route(now: datetime = NOW) -> None:
    from kairan.services import route as service

    service.drain(now)


def deliver(now: datetime = NOW) -> None:
    from kairan.services import deliver as service

    service.work(lambda: now, linger=timedelta())


def bring(*reports: dict[str, Any], now: datetime = NOW) -> None:
    """Read, route and send."""
    for each in reports:
        take(each, now=now)
        route(now)
        deliver(now)


def number_of(cve: str) -> int:
    from kairan.store.models import Finding

    return int(Finding.objects.get(vulnerability__primary_id=cve).pk)
