"""What comes in on each day: who scans what when, and what goes wrong on the way.

The same seed, day, first instant and window give the same bytes, in the same order.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kairan.demo import dependabot, kubernetes, osv, security_hub, trivy
from kairan.demo.famous import FAMOUS
from kairan.demo.flaws import invented_on
from kairan.demo.lives import World
from kairan.demo.organisation import ACCOUNTS, CLUSTERS, REPOSITORIES, Repository

LAST = 90  # the history that a demo begins with: days 0 to 89
_MOST_WEBHOOKS = 6
_CONNECTING = timedelta(minutes=50)
_BLIND = {("warehouse-batch", 89), ("shop-bff", 37)}  # scans whose database was empty: all seems fixed
_NAMELESS = 30  # every so many days someone hands in a report that names no asset
_CUT = 47  # ... a file that was cut off while it was copied
_BROKEN = 25  # ... an advisory without an id


@dataclass(frozen=True, slots=True)
class Payload:
    """One document as it comes in. `at` is when it was made."""

    name: str
    data: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """When a day is played: its documents lie between these instants, evenly."""

    begin: datetime
    end: datetime

    def at(self, index: int, number: int) -> datetime:
        return self.begin + (self.end - self.begin) * index / max(number, 1)


_Make = Callable[[datetime], bytes]


def payloads(world: World, day: int, first: datetime, window: Window) -> list[Payload]:
    """All documents of the day, in the order of their time. `first` is the instant at which day 0 began."""
    planned = list(_planned(world, day, first))
    if day == 0:  # all sources are connected at once: what they found is their silent baseline
        window = Window(window.begin, min(window.end, window.begin + _CONNECTING))
    times = [window.at(index, len(planned)) for index in range(len(planned))]
    return [Payload(name, make(at), at) for (name, make), at in zip(planned, times, strict=True)]


def _planned(world: World, day: int, first: datetime) -> Iterator[tuple[str, _Make]]:
    yield from _images(world, day)
    yield from _github(world, day, first)
    yield from _repositories(world, day)
    yield from _amazon(world, day)
    yield from _clusters(world, day)
    yield from _advisories(world, day)
    yield from _mishaps(world, day)


def _images(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    """Each image every other day; what is rarely released, once a week."""
    for number, each in enumerate(REPOSITORIES):
        due = day % 7 == 5 if each.name == "warehouse-batch" else day % 2 == number % 2
        if due or day == 0:
            blind = (each.name, day) in _BLIND
            yield f"trivy-image-{each.name}-day-{day}.json", _image(world, each, day, blind)


def _image(world: World, of: Repository, day: int, blind: bool) -> _Make:
    return lambda at: encoded(trivy.image(world, of, day, at, blind=blind))


def _github(world: World, day: int, first: datetime) -> Iterator[tuple[str, _Make]]:
    """Every third day the whole list; on the others, what GitHub tells by itself."""
    if day % 3 == 0:
        yield f"dependabot-alerts-day-{day}.json", lambda at: encoded(dependabot.answer(world, day, first, at))
        return
    changes = [alert for each in REPOSITORIES for alert in dependabot.changed(world, each, day, first)]
    for alert in changes[:_MOST_WEBHOOKS]:
        yield f"dependabot-{alert.repository.name}-{alert.number}-day-{day}.json", _webhook(alert, day)


def _webhook(alert: dependabot.Alert, day: int) -> _Make:
    return lambda at: encoded(dependabot.webhook(alert, day, at))


def _repositories(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    for number, each in enumerate(REPOSITORIES):
        if day % 6 == number % 6 or day == 0:
            yield f"trivy-repo-{each.name}-day-{day}.json", _repository(world, each, day)


def _repository(world: World, of: Repository, day: int) -> _Make:
    return lambda at: encoded(trivy.repository(world, of, day, at))


def _amazon(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    """One account a day; the shared one's images every third day; an event where something critical came up."""
    for number, each in enumerate(ACCOUNTS):
        if day % len(ACCOUNTS) == number or day == 0:
            yield f"securityhub-{each.name}-day-{day}.json", _account(world, number, day)
    if day % 3 == 1:
        yield (
            f"inspector-day-{day}.json",
            lambda at: encoded(
                security_hub.answer([one for each in ACCOUNTS for one in security_hub.inspector(world, each, day, at)])
            ),
        )


def _account(world: World, number: int, day: int) -> _Make:
    def make(at: datetime) -> bytes:
        findings = security_hub.controls(world, ACCOUNTS[number], day, at)
        if day % 4 == 3:
            return encoded(security_hub.event(ACCOUNTS[number], findings, at))
        return encoded(security_hub.answer(findings))

    return make


def _clusters(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    for number, each in enumerate(CLUSTERS):
        if day % 7 == 2 + number:
            yield f"trivy-k8s-{each.name}-day-{day}.json", _cluster(world, number, day)


def _cluster(world: World, number: int, day: int) -> _Make:
    return lambda at: encoded(kubernetes.cluster(world, CLUSTERS[number], day, at))


def _advisories(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    """Texts of what came up today in packages of languages."""
    came_up = [flaw for flaw in FAMOUS if flaw.day == day]
    came_up += [] if day == 0 else invented_on(world.seed, day)
    texts = [osv.advisory(flaw) for flaw in came_up if flaw.ecosystem in osv.ECOSYSTEMS]
    if texts:
        yield f"osv-day-{day}.json", lambda _: encoded(texts)


def _mishaps(world: World, day: int) -> Iterator[tuple[str, _Make]]:
    if day % _NAMELESS == 12:
        yield f"disk-image-day-{day}.json", lambda at: encoded(trivy.without_asset(world, day, at))
    if day % _CUT == 40:
        yield f"trivy-image-cut-off-day-{day}.json", lambda at: _cut(world, day, at)
    if day % _BROKEN == 18:
        yield f"osv-export-day-{day}.json", lambda _: encoded([osv.advisory(FAMOUS[1]), osv.without_id(FAMOUS[0])])


def _cut(world: World, day: int, at: datetime) -> bytes:
    whole = encoded(trivy.image(world, REPOSITORIES[0], day, at))
    return whole[: len(whole) * 2 // 3]


def encoded(document: Any) -> bytes:
    """As scanners write it: JSON in UTF-8, keys in the order of the format."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def window_of(day: int, first: datetime) -> Window:
    """The window of a day that lies in the past."""
    return Window(first + timedelta(days=day), first + timedelta(days=day + 1))
