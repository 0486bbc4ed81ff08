"""What ingest costs: `make bench`, with `FULL=1` all of it. The method is written in benchmarks/README.md."""

import json
import os
import platform
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks import reports
from benchmarks.ground import Cost, Ground, ground

EACH, LATER = 5_000, "2026-11-02T00:00:00Z"
FINDINGS = 100_000
RECORD_BYTES, MOST_ANONYMOUS = 2_000, 150
GROWTH = (1_000, 10_000, 100_000)
TARGETS = {"first, 20,000 CVEs": 15_000, "first, every CVE distinct": 10_000, "unchanged, other bytes": 45_000}


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement. `ratio` is its wall time to that of the bare COPY of as many rows, where there is one."""

    what: str
    findings: int
    cost: Cost
    ratio: float | None = None

    def written(self) -> str:
        cost = self.cost
        ratio = f"{self.ratio:.1f}" if self.ratio else ""
        memory = f"{cost.anonymous:.0f}" if cost.anonymous else ""
        numbers = f"{cost.wall:.2f} | {self.findings / cost.wall:,.0f} | {cost.client:.2f} | {cost.server:.2f}"
        at_best = f"{self.findings / max(cost.client, cost.server):,.0f}"
        return f"| {self.what} | {self.findings:,} | {numbers} | {at_best} | {ratio} | {memory} |"


HEAD = """| what | findings | wall, s | /s | client CPU, s | server CPU, s | /s at best | to COPY | RssAnon, MB |
|---|---:|---:|---:|---:|---:|---:|---:|---:|"""


@click.command()
@click.option("--full", is_flag=True, help="1 M findings and the report of 1 GB, too: half an hour.")
@click.option("--only", default="", help="Parts whose name holds this: shared, distinct, parallel, growth, large.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document and nothing else.")
def main(full: bool, only: str, as_json: bool) -> None:
    """Measure, and print a table."""
    say: Callable[[str], None] = (lambda _: None) if as_json else click.echo
    say(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.machine()}\n\n{HEAD}"
    )
    lines = []
    for line in _lines(full, only):
        lines.append(line)
        say(line.written())
    if as_json:
        click.echo(
            json.dumps([{**asdict(line), "per_second": line.findings / line.cost.wall} for line in lines], indent=1)
        )
    late = [f"{line.what}: {line.findings / line.cost.wall:,.0f}/s of {wanted:,}" for line in lines
            if (wanted := TARGETS.get(line.what)) and line.findings / line.cost.wall < wanted]  # fmt: skip
    say("\n" + ("\n".join(["Not reached:", *late]) if late else "All that was wanted is reached."))


def _lines(full: bool, only: str) -> Iterator[Line]:
    parts = {"shared": _shared, "distinct": _distinct, "parallel": _parallel, "growth": _growth, "large": _large}
    for name, part in parts.items():
        if only in name:
            yield from part(full)


def _shared(full: bool) -> Iterator[Line]:
    """The usual: images that share most of their CVEs, read for the first time, then again."""
    with ground() as on:
        first, later = on.reports("first"), on.reports("later")
        reports.shared(first)
        reports.shared(later, created=LATER)
        bare = on.bare_copy(FINDINGS)
        yield Line("bare COPY, 30 columns, 6 indexes", FINDINGS, bare, 1)
        yield _imported(on, "first, 20,000 CVEs", [first], bare=bare, opened=FINDINGS)
        yield _imported(on, "unchanged, other bytes", [later], bare=bare, unchanged=FINDINGS)
        yield _imported(on, "unchanged, the same bytes", [later], bare=bare, unchanged=FINDINGS)


def _distinct(full: bool) -> Iterator[Line]:
    with ground() as on:
        first = on.reports("first")
        reports.distinct(first)
        bare = on.bare_copy(FINDINGS)
        yield _imported(on, "first, every CVE distinct", [first], bare=bare, opened=FINDINGS)


def _parallel(full: bool) -> Iterator[Line]:
    """Two commands at once, each with half of the reports."""
    with ground() as on:
        first = on.reports("first")
        reports.shared(first)
        files = sorted(first.iterdir())
        halves = files[: len(files) // 2], files[len(files) // 2 :]
        yield _imported(on, "first, two commands at once", *map(list, halves), opened=FINDINGS)


def _growth(full: bool) -> Iterator[Line]:
    """One store that grows tenfold each time: does a finding cost more when there are many?"""
    with ground() as on:
        known = 0
        for size in (*GROWTH, 1_000_000) if full else GROWTH:
            folder, each = on.reports(f"{size}"), min(EACH, size)
            for number in range(size // each):
                chosen = sorted(random.Random(number).sample(range(20_000), each))
                reports.write(folder / f"image-{number:04}.json", f"growth/image-{size}-{number}", chosen)
            yield _imported(on, f"more, beside {known:,} there are", [folder], opened=size)
            known += size


def _large(full: bool) -> Iterator[Line]:
    """One report of records of 2 kB; what is in memory must not grow with it."""
    for size in (100, 1_000) if full else (100,):
        records = size * 1_000_000 // RECORD_BYTES
        with ground() as on:
            file = on.reports("large") / "report.json"
            reports.write(file, "shop/large", range(records), bytes_of_text=1_000)
            megabytes = file.stat().st_size / 1_000_000
            line = _imported(on, f"one report of {megabytes:,.0f} MB, every CVE distinct", [file], opened=records)
            yield line
            if line.cost.anonymous > MOST_ANONYMOUS:
                raise click.ClickException(
                    f"{line.cost.anonymous:.0f} MB of anonymous memory; {MOST_ANONYMOUS} are wanted"
                )


def _imported(on: Ground, what: str, *inputs: list[Path], bare: Cost | None = None, **expected: int) -> Line:
    """Import, and see that it did what was to be measured."""
    on.settle()
    cost, told = on.imported(*inputs)
    for outcome, number in expected.items():
        if (found := sum(each[outcome] for each in told)) != number:
            raise click.ClickException(f"{what}: {found} records {outcome}, not {number}")
    return Line(what, sum(expected.values()), cost, cost.wall / bare.wall if bare else None)


if __name__ == "__main__":
    main()
