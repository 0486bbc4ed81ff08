"""Commands about cases: list them, show one, decide."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import click

from kairan.domain.errors import ConfigError
from kairan.domain.harmless import safe
from kairan.domain.triage import Justification, State, Status, Until
from kairan.entrypoints.running import actor, as_json, command, store
from kairan.runtime import clock

if TYPE_CHECKING:
    from kairan.services.actor import Actor
    from kairan.store.queries.case_page import Case, Event, Part

_MOST = 1_000
_PEOPLE_SAY = [status.value for status in Status if status != Status.RESOLVED]
case_id = click.argument("case", metavar="C-12")


@click.command("cases")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in State), "any"]),
    default="open",
    show_default=True,
    help="Which of them.",
)
@click.option(
    "--status",
    type=click.Choice([status.value for status in Status]),
    default=None,
    help="Where a part has this status.",
)
@click.option("--team", default="", metavar="KEY", help="Where a part is this team's; - for nobody's.")
@click.option("--text", default="", help="In the title, the ids, or an affected asset's name.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=50, show_default=True, help="How many at most.")
@as_json
@command
def cases(state: str, status: str | None, team: str, text: str, limit: int, as_json: bool) -> None:
    """Cases, the worst first, with whose they are and their states."""
    from kairan.entrypoints.terminal import print_json, print_table

    with store():
        from kairan.store.queries import case_list
        from kairan.store.queries.case_filter import Filter

        asked = Filter("" if state == "any" else state, (status,) if status else (), team=team, text=text)
        rows = case_list.page(asked, case_list.Sort.SEVERITY, size=limit).rows
    if as_json:
        print_json([asdict(row) | {"id": f"C-{row.id}", "severity": row.severity.word} for row in rows])
    elif not rows:
        click.echo("No case fits.")
    else:
        columns = ("case", "severity", "status", "findings", "id", "teams", "opened", "title")
        print_table(
            columns,
            (
                (
                    f"C-{row.id}",
                    row.severity.word,
                    row.status,
                    row.findings,
                    row.vulnerability or "-",
                    ", ".join(f"{part.team or '(nobody)'}: {part.status}" for part in row.parts),
                    f"{row.opened_at:%Y-%m-%d}",
                    row.title,
                )
                for row in rows
            ),
        )


@click.command("case")
@case_id
@as_json
@command
def case(case: str, as_json: bool) -> None:
    """One case: its parts, their decisions, and what happened."""
    with store():
        from kairan.store.queries import case_page

        number = _number(case)
        found = case_page.find(number)
        while found is not None and found.merged_into is not None:
            found = case_page.find(found.merged_into)
        if found is None:
            raise ConfigError(f"there is no case {safe(case)}; `kairan cases` lists them")
        parts, events = case_page.parts(found.id), case_page.events(found.id)
        if as_json:
            _print_json(found, parts, events)
        else:
            _describe(found, parts, events)


@click.command("decide")
@case_id
@click.option("--team", default="", metavar="KEY", help="Whose part; not needed where there is one part only.")
@click.option("--status", type=click.Choice(_PEOPLE_SAY), required=True, help="What it is from now on.")
@click.option(
    "--justification",
    type=click.Choice([each.value for each in Justification]),
    default=None,
    help="Why it is not affected.",
)
@click.option("--reason", default="", help="Why; needed for an accepted risk and a false positive.")
@click.option("--until", default="", metavar="DATE|fix|exploitation", help="What ends a deferral or an accepted risk.")
@click.option("--due", default="", metavar="DATE", help="By when the team acts. Days are UTC.")
@click.option("--evidence", multiple=True, metavar="URL", help="A link that shows it; again for more.")
@as_json
@command
def decide(
    case: str,
    team: str,
    status: str,
    justification: str | None,
    reason: str,
    until: str,
    due: str,
    evidence: tuple[str, ...],
    as_json: bool,
) -> None:
    """Decide of a case's part, as the administrator who types. On the case's page it can be undone for 10 minutes."""
    from kairan.entrypoints.terminal import print_json

    with store():
        from kairan.services import triage
        from kairan.store.queries import case_page

        number = _number(case)
        if case_page.find(number) is None:
            raise ConfigError(f"there is no case {safe(case)}; `kairan cases` lists them")
        part = _part(number, case_page.parts(number), team)
        is_date = until not in ("", Until.FIX, Until.EXPLOITATION)
        choice = triage.Choice(
            status,
            justification or "",
            reason,
            Until.DATE if is_date else until,
            _day(until) if is_date else None,
            _day(due) if due else None,
            tuple(triage.Evidence(link=link) for link in evidence),
        )
        decided = triage.decide(part.id, choice, _actor(), clock.now())
    if as_json:
        print_json({"case": f"C-{number}", "decision": decided.decision, "part": decided.part, "state": decided.state})
    elif decided.state == "waiting":
        click.echo(f"C-{number}: {status} waits for an approver.")
    else:
        click.echo(f"C-{number}: {status}.")


def _number(name: str) -> int:
    digits = name.strip().upper().removeprefix("C-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise ConfigError(f"{safe(name)!r} is no case: write C-12")
    return int(digits)


def _part(number: int, parts: "Sequence[Part]", team: str) -> "Part":
    fit = [part for part in parts if part.key == team] if team or len(parts) != 1 else parts
    if not fit:
        there = ", ".join(part.key or "(nobody)" for part in parts)
        raise ConfigError(f"C-{number} has parts of: {safe(there)}; say which with --team")
    return fit[0]


def _day(text: str) -> datetime:
    """The end of that day, in UTC."""
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time(23, 59), UTC)
    except ValueError:
        raise ConfigError(f"{safe(text)!r} is no date: write 2026-11-21") from None


def _actor() -> "Actor":
    from kairan.services.actor import Actor

    return Actor(actor())


def _print_json(found: "Case", parts: "Sequence[Part]", events: "Sequence[Event]") -> None:
    from kairan.entrypoints.terminal import print_json

    said = asdict(found) | {"id": f"C-{found.id}", "severity": found.severity.word}
    of_parts = [asdict(part) | {"severity": part.severity.word} for part in parts]
    print_json(said | {"parts": of_parts, "events": [asdict(event) for event in events]})


def _describe(found: "Case", parts: "Sequence[Part]", events: "Sequence[Event]") -> None:
    from kairan.entrypoints.terminal import print_table

    also = f", also {', '.join(found.also)}" if found.also else ""
    for line in (
        f"C-{found.id}  {found.severity.word}  {found.status}  ({found.state})",
        f"{found.identifier}  {found.title}".strip(),
        f"  rule     {found.rule}{also}, by {found.group_by}",
        f"  opened   {found.opened_at:%Y-%m-%d %H:%M} UTC",
    ):
        click.echo(safe(line))
    print_table(
        ("part of", "status", "since", "findings", "care of", "due", "needs another look", "decision"),
        (
            (
                part.key or "(nobody)",
                part.status,
                f"{part.status_since:%Y-%m-%d}",
                part.findings,
                part.claimer or "-",
                f"{part.due_at:%Y-%m-%d}" if part.due_at else "-",
                part.relook or "-",
                _decision(part),
            )
            for part in parts
        ),
    )
    print_table(
        ("when", "what", "who", "team", "said"),
        (
            (
                f"{event.at:%Y-%m-%d %H:%M}",
                event.code,
                event.by or "Kairan",
                event.team or "-",
                str(event.params.get("text") or event.params.get("reason") or ""),
            )
            for event in events
        ),
    )


def _decision(part: "Part") -> str:
    waiting = next((each for each in part.decisions if each.state == "waiting"), None)
    in_force = next((each for each in part.decisions if each.id == part.decision), None)
    if waiting:
        return f"{waiting.status} waits for an approver"
    return f"{in_force.reason} ({in_force.by})" if in_force else "-"


COMMANDS = (cases, case, decide)
