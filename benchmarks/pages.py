"""What whole pages cost on a filled store: `make bench-pages` after `make bench-data`.

Server time: from the request's arrival in Django to the last byte of the answer, middleware, rights, templates and
every query included; no network. Each page runs a few times; the first run is not counted. The findings, assets and
vulnerabilities asked for are the worst there are: those with the most findings.
"""

import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import click

from kairan.entrypoints.running import store

TARGET = 100.0
LISTS = (
    "",
    "q=",
    "q=is:open+severity:>=high",
    "q=is:open+package:openssl",
    "q=log4j",
    "q=脆弱性",
    "q=is:open+repo:acme/*",
)
SORTS = ("first-seen", "oldest", "closed")
GROUPS = ("vulnerability", "asset", "package", "team")


@click.command()
@click.option("--runs", default=7, show_default=True, type=click.IntRange(1))
@click.option("--only", default="", help="Rows whose name holds this.")
def main(runs: int, only: str) -> None:
    """Print the table: median and 95th percentile in ms."""
    os.environ.setdefault("KAIRAN_SECRET_KEY", "of-this-measurement")
    with store():
        from django.test import Client
        from django.test.utils import override_settings

        click.echo(f"| {'page':<70} | median | p95 | kB |\n|{'-' * 72}|-------:|----:|---:|")
        medians = []
        with override_settings(ALLOWED_HOSTS=["testserver"]), _somebody() as person:
            client = Client()
            client.force_login(person)
            for name, address in _pages():
                if only not in name:
                    continue
                times, size = _measured(client, address, runs)
                medians.append(statistics.median(times))
                worst = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
                late = " **" if medians[-1] >= TARGET else ""
                click.echo(f"| {name:<70} | {medians[-1]:6.1f} | {worst:6.1f} | {size / 1000:5.0f} |{late}")
            client.logout()
        over = sum(median >= TARGET for median in medians)
        click.echo(f"\n{len(medians)} pages, {over} not under {TARGET:.0f} ms (marked **)")


class _somebody:  # noqa: N801 - reads as what it is
    """A viewer who is there for the measurement only."""

    def __enter__(self) -> Any:
        from kairan.domain.rights import Role
        from kairan.runtime import clock
        from kairan.store.models import Person

        self.person = Person.objects.create(
            username=f"benchmark-{time.time_ns()}", role=Role.ADMINISTRATOR, created_at=clock.now(), language="en"
        )
        return self.person

    def __exit__(self, *_: object) -> None:
        self.person.delete()


def _measured(client: Any, address: str, runs: int) -> tuple[list[float], int]:
    times: list[float] = []
    size = 0
    for number in range(runs + 1):
        started = time.perf_counter()
        response = client.get(address)
        size = len(response.content)
        if number:
            times.append((time.perf_counter() - started) * 1000)
        if response.status_code != 200:
            raise click.ClickException(f"{address} answered {response.status_code}")
    return times, size


def _pages() -> Iterator[tuple[str, str]]:
    yield "overview", "/"
    for query in LISTS:
        yield f"findings: {query}", f"/findings/?{query}"
        yield f"facets: {query}", f"/findings/facets/?{query}"
    for sort in SORTS:
        yield f"findings sorted by {sort}", f"/findings/?sort={sort}"
    for group in GROUPS:
        yield f"findings by {group}", f"/findings/?by={group}"
        yield f"findings by {group}: log4j", f"/findings/?by={group}&q=log4j"
    yield from _things()
    for page in ("assets", "assets/?q=nginx", "runs", "held", "teams", "people", "audit", "account"):
        yield page, f"/{page}" if "?" in page else f"/{page}/"


def _things() -> Iterator[tuple[str, str]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select finding_id from sighting group by 1 order by count(*) desc, 1 limit 1")
        yield "finding with the most sightings", f"/findings/F-{cursor.fetchone()[0]}/"
        cursor.execute("select asset_id, count(*) from finding group by 1 order by 2 desc, 1 limit 1")
        asset, number = cursor.fetchone()
        yield f"asset with {number:,} findings", f"/assets/{asset}/"
        cursor.execute(
            "select v.primary_id, count(*) from finding f join vulnerability v on v.id = f.vulnerability_id"
            " group by 1 order by 2 desc, 1 limit 1"
        )
        name, number = cursor.fetchone()
        yield f"vulnerability with {number:,} findings", f"/vulnerabilities/{name}/"


if __name__ == "__main__":
    main()
