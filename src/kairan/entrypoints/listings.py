"""What the command line lists: runs, rejects, held closings, aliases, one finding."""

from dataclasses import asdict

import click

from kairan.domain.errors import ConfigError
from kairan.domain.harmless import safe
from kairan.domain.severity import Severity
from kairan.entrypoints.terminal import print_json, print_table
from kairan.runtime.program import typed
from kairan.services.aliases import assertions_about
from kairan.services.held import waiting
from kairan.store.queries import reject_list, run, run_list
from kairan.store.queries.finding import Detail, Happening, find


def show_runs(limit: int, as_json: bool) -> None:
    rows = run_list.page(run_list.Filter(), size=limit).rows
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        click.echo(f"Nothing was read yet. Start with: {typed('import REPORT.json')}")
        return
    print_table(
        ("run", "when", "source", "state", "as of", "records", "opened", "closed", "rejected", "held", "what"),
        (
            (
                row.id,
                f"{row.started_at:%Y-%m-%d %H:%M}",
                row.source or "-",
                "stale" if row.is_stale else row.state,
                f"{row.as_of:%Y-%m-%d %H:%M}" if row.as_of else "-",
                sum(row.counts.get("records", {}).values()),
                row.counts.get("opened", "-"),
                row.counts.get("fixed", "-"),
                row.counts.get("rejected", "-"),
                row.counts.get("held", "-"),
                f"{row.name} {row.error}".strip(),
            )
            for row in rows
        ),
    )


def show_rejects(number: int, limit: int, as_json: bool) -> None:
    if run.find(number) is None:
        raise ConfigError(f"there is no run {number}; `kairan runs` lists them")
    rows = reject_list.page(number, size=limit).rejects
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        click.echo(f"Run {number} rejected nothing.")
        return
    print_table(
        ("where", "kind", "why", "record"),
        ((row.position, row.kind, row.reason, " ".join(row.raw.split())[:200]) for row in rows),
    )


def show_held(as_json: bool) -> None:
    rows = waiting()
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        click.echo("Nothing is held.")
        return
    print_table(
        ("held", "findings", "source", "scope", "class", "as of", "why", "report"),
        (
            (
                row.id,
                row.sightings,
                row.source,
                row.scope,
                row.kind,
                f"{row.as_of:%Y-%m-%d %H:%M}",
                _WHY[row.reason],
                row.report,
            )
            for row in rows
        ),
    )
    click.echo("Fixed? kairan held close NUMBER.   Still there? kairan held keep NUMBER.")


_WHY = {
    "no_evidence": "the report does not show that it looked",
    "large_share": "it would close most of an unchanged artifact",
}


def show_aliases(identifier: str, as_json: bool) -> None:
    rows = assertions_about(identifier)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        click.echo(f"Nobody says that {safe(identifier)} has another id.")
        return
    print_table(
        ("one", "other", "says", ""),
        (
            (row.left, row.right, row.publisher, "withdrawn" if row.withdrawn else "disputed" if row.disputed else "")
            for row in rows
        ),
    )


def show_finding(name: str, as_json: bool) -> None:
    """One finding by its short id; a merged one leads to what it became."""
    found = find(number_of(name))
    while found is not None and found.merged_into is not None:
        found = find(found.merged_into)
    if found is None:
        raise ConfigError(f"there is no finding {safe(name)}")
    if as_json:
        print_json({"finding": f"F-{found.id}", **asdict(found), "severity": found.severity.word})
        return
    _describe(found)


def number_of(name: str) -> int:
    digits = name.strip().upper().removeprefix("F-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ConfigError(f"{safe(name)!r} is no finding: write F-123")
    return int(digits)


def _describe(found: Detail) -> None:
    state = "open" if found.is_open else f"closed ({found.close_reason})"
    lines = [
        f"F-{found.id}  {found.severity.word}  {state}",
        f"{found.primary_id}  {found.title}",
        f"  also     {', '.join(i for i in found.identifiers if i != found.primary_id) or '-'}",
        f"  package  {found.package or '-'}",
        f"  asset    {found.asset_kind} {found.asset}  {found.location}",
        f"  since    {found.first_seen:%Y-%m-%d %H:%M} UTC",
    ]
    for line in lines:
        click.echo(safe(line).rstrip())
    for each in found.sightings:
        state = "live" if each.is_live else f"ended ({each.end_reason})"
        seen = f"{each.first_seen:%Y-%m-%d}" + (f" to {each.last_seen:%Y-%m-%d}" if each.last_seen else "")
        versions = (
            f"{each.installed or '?'}, fixed in {each.fixed}" if each.fixed else f"{each.installed or '-'}, no fix"
        )
        click.echo(safe(f"Seen by {each.source} ({each.scope}) as {each.reported_as}: {state}, {each.severity.word}"))
        click.echo(safe(f"  {seen}; {versions}; {each.status or 'no status'}; places: {len(each.occurrences)}"))
    print_table(
        ("when", "what", "how", "report"),
        ((f"{each.at:%Y-%m-%d %H:%M}", each.code, _how(each), each.run) for each in found.events),
    )


def _how(event: Happening) -> str:
    """What is known of it; a scope by its name, two values as from the one to the other."""
    known = {**event.params, **({"scope": event.scope} if event.scope else {})}
    values = {key: value if isinstance(value, list) else [value] for key, value in known.items()}
    if "severity" in values:
        values["severity"] = [Severity(each).word for each in values["severity"]]
    return ", ".join(f"{key} {' → '.join(map(str, value))}" for key, value in values.items())
