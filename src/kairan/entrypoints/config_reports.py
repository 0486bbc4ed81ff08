"""What a change of the configuration touches, for a terminal."""

from collections.abc import Iterator

import click

from kairan.domain.harmless import safe
from kairan.services.config_reports import Cases, Names, Report


def show_report(report: Report) -> None:
    """One line for each thing that is touched."""
    for line in _lines(report):
        click.echo(f"  {safe(line)}")


def _lines(report: Report) -> Iterator[str]:
    for what, names in (("teams", report.teams), ("rules", report.rules), ("destinations", report.destinations)):
        yield from _names(what, names)
    if report.ownership_changed:
        yield "ownership rules changed"
    if report.owners_changed:
        yield f"{_findings(report.owners_changed)} change hands; open findings by team:"
    for each in report.owners:
        yield f"  {each.team or '(nobody)'}: {each.before:,} -> {each.after:,}"
    if report.channels_moved:
        yield f"told in another channel: {', '.join(report.channels_moved)}; their open cases follow"
    if report.to_route:
        yield f"the rules look again at {_findings(report.to_route)}"
    if report.unknown_people:
        yield f"nobody logs in here as: {', '.join(report.unknown_people)} (kept; they count once they have an account)"
    if report.cases:
        yield from _cases(report.cases)


def _names(what: str, names: Names) -> Iterator[str]:
    for how in ("added", "removed", "changed"):
        if found := getattr(names, how):
            yield f"{what} {how}: {', '.join(found)}"


def _cases(cases: Cases) -> Iterator[str]:
    if not cases.is_whole:
        yield f"cases and messages were not tried out: {cases.why_not}"
        return
    words = (
        ("opened", "cases opened"),
        ("reopened", "cases reopened"),
        ("part_added", "teams joining a case"),
        ("handed_over", "parts of cases handed over"),
        ("joined", "times findings joining a case"),
        ("closed", "cases closed"),
    )
    found = [f"{cases.events[code]:,} {word}" for code, word in words if cases.events.get(code)]
    yield f"cases: {', '.join(found) or 'none is touched'}"
    total = sum(each.messages for each in cases.messages)
    yield f"messages: {total:,}" + (":" if total else "")
    for each in cases.messages:
        yield f"  {each.destination} {each.channel}: {each.messages:,}"


def _findings(number: int) -> str:
    return "1 finding" if number == 1 else f"{number:,} findings"
