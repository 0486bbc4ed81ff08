"""What queries, facets and pages cost on a filled store: `make bench-search` after `make bench-data`.

Database time is the client's time over the unix socket around every statement of one operation, look-ups in small
tables included: planning, execution and the way of the rows to us. Each operation runs a few times; the first run,
which finds caches cold, is not counted.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from kairan.entrypoints.running import store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SIZE, MOST, TARGET = 50, 10_000, 50.0
QUERIES = (
    "", "is:open", "is:closed", "is:fixed", "is:suppressed", "is:misconfiguration", "is:secret",
    "severity:critical", "severity:>=high", "severity:none", "exploit:yes", "-exploit:yes",
    "id:CVE-2021-44228", "id:GHSA-*", "cve:CVE-2021-44228", "cve:CVE-2021-*", "cve:*", "-cve:CVE-2021-*",
    "package:openssl", "package:*log4j*", "package:openssl-*", "-package:*log4j*", "ecosystem:npm", "ecosystem:gem",
    "-ecosystem:npm", "asset:web-42.data.example.com", "asset:*nginx*", "asset:*", "asset-kind:image", "asset-kind:workload",
    "-asset-kind:image", "repo:acme/service-8", "repo:acme/*", "repo:acme/service-88*", "image:*nginx-3", "image:*acme*",
    "-image:*acme*", "instance:i-00*", "instance:*", "account:123456789012", "account:1234567890*", "region:us-east-1",
    "region:ap-*", "cluster:cluster-3", "cluster:*", "namespace:shop-3", "namespace:shop-*", "-namespace:*",
    "source:trivy", "source:vuls", "source:aws*", "-source:trivy", "-source:vuls", "scope:runtime", "scope:development",
    "-scope:*", "path:services/7/pom.xml", "path:*package-lock.json", "path:*/app-77*.conf", "-path:*pom.xml",
    "fixed:yes", "fixed:no", "first-seen:<7d", "first-seen:>1y", "first-seen:2025-06", "closed:<1d", "closed:2026-01..2026-03",
    "team:team-7", "is:unowned", "is:open is:unowned severity:critical", "is:open team:team-7 severity:>=high",
    "log4j", "token1234", "openssl", "脆弱性", "認証回避", "リモートコード実行", '"buffer overflow in the parser"', "CVE-2021", "nginx -path",
    "is:open severity:critical", "is:open severity:>=high source:trivy", "is:open severity:critical fixed:yes",
    "is:open fixed:no source:vuls", "is:closed severity:critical", "is:open cve:CVE-2021-44228", "is:open repo:acme/*",
    "is:open severity:>=high package:openssl image:*acme*", "is:open account:123456789012 severity:>=high",
    "is:open first-seen:<7d severity:>=high", "is:open (severity:critical or source:vuls)", "is:open 脆弱性 severity:high",
    "is:open namespace:shop-* -severity:low", "is:open instance:i-00* log4j", "severity:critical first-seen:>1y is:open fixed:yes",
    "is:open severity:critical,high source:github_dependabot scope:runtime fixed:yes repo:shop/*",
    "(package:openssl or package:curl) -asset-kind:image", "is:suppressed severity:critical", "is:fixed closed:<30d repo:acme/*",
    "severity:critical source:vuls is:closed first-seen:<14d", "is:secret asset-kind:host is:closed",
)  # fmt: skip
PAGED = (
    "",
    "is:open",
    "is:closed",
    "severity:>=high",
    "source:trivy",
    "is:open repo:acme/*",
    "is:open fixed:yes",
    "脆弱性",
)
SORTED = (
    "",
    "is:open",
    "is:open severity:>=high",
    "is:closed",
    "repo:acme/*",
    "source:vuls",
    "log4j",
    "package:openssl",
)


class Clock:
    """Adds up the database time of one operation."""

    def __init__(self) -> None:
        self.spent = 0.0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.spent += time.perf_counter() - started


@click.command()
@click.option("--runs", default=7, show_default=True, type=click.IntRange(1))
@click.option("--only", default="", help="Rows whose name holds this.")
@click.option("--limit", default=10_000.0, help="Ms after which an operation is not repeated.")
def main(runs: int, only: str, limit: float) -> None:
    """Print the table: median and 95th percentile in ms."""
    with store():
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("select (select count(*) from finding), version()")
            known, version = cursor.fetchone() or (0, "")
        click.echo(f"{known:,} findings; {version.split(' on ')[0]}; {SIZE} rows a page; ms of database time\n")
        click.echo(f"| {'operation':<90} | median | p95 |\n|{'-' * 92}|-------:|----:|")
        medians = []
        for name, operation in _operations():
            if only not in name:
                continue
            times = _measured(operation, runs, limit)
            medians.append(statistics.median(times))
            worst = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
            late = " **" if medians[-1] >= TARGET else ""
            click.echo(f"| {name:<90} | {medians[-1]:6.1f} | {worst:6.1f} |{late}")
        over = sum(median >= TARGET for median in medians)
        click.echo(f"\n{len(medians)} operations, {over} not under {TARGET:.0f} ms (marked **)")


def _measured(operation: Callable[[], object], runs: int, limit: float) -> list[float]:
    from django.db import connection

    times: list[float] = []
    for number in range(runs + 1):
        clock = Clock()
        with connection.execute_wrapper(clock):
            operation()
        if number or clock.spent * 1000 > limit:
            times.append(clock.spent * 1000)
        if clock.spent * 1000 > limit:
            break
    return times


def _operations() -> Iterator[tuple[str, Callable[[], object]]]:
    from kairan.domain.query import parse
    from kairan.store.queries import facets, findings, grouping, listing, search, teams, unowned, walk

    def chosen(text: str) -> findings.Selection:
        return search.select(parse(text, NOW, UTC))

    for text in QUERIES:
        yield f"page: {text or '(everything)'}", lambda t=text: listing.page(chosen(t), size=SIZE)
    for text in QUERIES:
        yield f"count: {text or '(everything)'}", lambda t=text: findings.count(chosen(t), most=MOST)
    for text in QUERIES:
        yield f"facets: {text or '(everything)'}", lambda t=text: facets.facets(chosen(t))
    for text in ("", "is:open", "is:open severity:>=high", "source:trivy", "log4j", "team:team-7", "is:unowned"):
        name = f"by team: {text or '(everything)'}"
        yield name, lambda t=text: grouping.groups(chosen(t), grouping.By.TEAM, size=SIZE)
    yield "what nobody owns", lambda: unowned.page(size=SIZE)
    yield "what nobody owns, tenth page", lambda: unowned.page(size=SIZE, skip=9 * SIZE)
    yield "all teams", teams.everything
    yield "one team", lambda: teams.find("team-7")
    for text in PAGED:
        yield f"hundredth page: {text or '(everything)'}", _hundredth(chosen, text)
    for text in SORTED:
        for sort in walk.Sort:
            name = f"sorted by {sort.value}: {text or '(everything)'}"
            yield name, lambda t=text, s=sort: next(walk.pages(chosen(t), s, size=SIZE), None)


def _hundredth(chosen: Callable[[str], Any], text: str) -> Callable[[], object]:
    """The hundredth page alone, by the cursor that walking there gives."""
    from kairan.store.queries import listing

    cursors: list[listing.Cursor | None] = []

    def show() -> object:
        if not cursors:
            with _unseen():
                selected, after = chosen(text), None
                for _ in range(99):
                    after = listing.page(selected, size=SIZE, after=after).after
                cursors.append(after)
        return listing.page(chosen(text), size=SIZE, after=cursors[0])

    return show


@contextmanager
def _unseen() -> Iterator[None]:
    """Walking there is no part of the page."""
    from django.db import connection

    wrappers, connection.execute_wrappers[:] = list(connection.execute_wrappers), []
    try:
        yield
    finally:
        connection.execute_wrappers[:] = wrappers


if __name__ == "__main__":
    main()
