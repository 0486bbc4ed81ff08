"""Commands that ask: search, count, export, show, explain."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from kairan.domain.errors import QueryError
from kairan.domain.query import Node, parse
from kairan.entrypoints.running import BAD_INPUT, as_json, command, store
from kairan.runtime import clock

if TYPE_CHECKING:
    from kairan.store.queries.findings import Selection

SORTS = ("severity", "first-seen", "oldest", "closed")
BY = (
    "severity, state, kind, source, asset-kind, asset, repo, image, account, region, cluster, namespace, package,"
    " ecosystem, id, team"
)
_PAGE = 1_000
_LOST_VALUE = re.compile(r"\w:(?=\s|$)")  # what is left of severity:>=high where > became a redirection


class Asking(click.Command):
    """A command that takes a query: `-is:closed` is a word of the query, not options `-i -s …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {word}" if _negates(word) else word for word in args])


def _negates(word: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and word not in ("-", "-h")


query = click.argument("words", nargs=-1, metavar="[QUERY]...")


def _parsed(words: Sequence[str]) -> tuple[str, Node]:
    """The query's text and tree. What is no query is shown with its place, and ends the command."""
    text = " ".join(word.strip() for word in words).strip()
    try:
        return text, parse(text, clock.now(), UTC)
    except QueryError as error:
        from kairan.entrypoints.terminal import complain, complain_at

        complain_at(f"kairan: {error}", text, error.position)
        if _LOST_VALUE.search(text):
            complain("Was there a > or <? The shell takes it for itself: write the query 'in quotation marks'.")
        sys.exit(BAD_INPUT)


def _selected(node: Node) -> "Selection":
    from kairan.store.queries.search import select

    return select(node)


@click.command("search", cls=Asking)
@query
@click.option("--format", "form", type=click.Choice(("table", "json", "csv")), default="table", show_default=True)
@click.option("--sort", type=click.Choice(SORTS), default=SORTS[0], show_default=True, help="What comes first.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many findings.")
@as_json
@command
def search_command(words: tuple[str, ...], form: str, sort: str, limit: int, as_json: bool) -> None:
    """Findings that a query lets through. For example: 'is:open severity:>=high repo:acme/* "remote code"'.

    Sorted by severity (the worst, then the newest first), first-seen (the newest first), oldest (first seen longest
    ago), or closed (closed last first). No query is everything. The language: docs/reference/query-language.md.
    """
    _, node = _parsed(words)
    with store():
        from kairan.entrypoints import rows
        from kairan.entrypoints.terminal import complain
        from kairan.services.export import FORMS
        from kairan.store.queries.walk import Sort, pages

        found = chain.from_iterable(pages(_selected(node), Sort(sort), size=min(limit + 1, _PAGE)))
        if as_json or form != "table":
            sys.stdout.writelines(FORMS["json" if as_json else form](islice(found, limit)))
            return
        shown = list(islice(found, limit))
        rows.write_table(shown)
        if not shown:
            complain("Nothing matches.")
        elif next(found, None):
            complain(f"These are the first {limit}; --limit shows more, `kairan count` says how many there are.")


@click.command("count", cls=Asking)
@query
@click.option(
    "--by", metavar="KEY,...", help="Group by these: severity, state, kind, source, asset, repo, package ...."
)
@as_json
@command
def count_command(words: tuple[str, ...], by: str | None, as_json: bool) -> None:
    """How many findings a query lets through, exactly. --by severity,source groups them.

    A finding that several sources report, or that lies in several namespaces, counts under each of them.
    """
    text, node = _parsed(words)
    with store():
        from kairan.entrypoints import counts

        counts.show(text, _selected(node), by, as_json)


@click.command("export", cls=Asking)
@query
@click.option("--format", "form", type=click.Choice(("json", "jsonl", "csv")), default="json", show_default=True)
@click.option("--output", metavar="FILE", help="Write this file, whole or not at all. Default: standard output.")
@as_json
@command
def export_command(words: tuple[str, ...], form: str, output: str | None, as_json: bool) -> None:
    """Everything that a query lets through, as JSON or CSV. In the order of F-ids, however much it is.

    CSV cells that a spreadsheet would take for a formula begin with an apostrophe.
    """
    _, node = _parsed(words)
    with store():
        from kairan.entrypoints.export import write_all

        write_all(_selected(node), "json" if as_json else form, output)


@click.command("show")
@click.argument("name", metavar="CVE-...|GHSA-...|F-123|ASSET")
@as_json
@command
def show_command(name: str, as_json: bool) -> None:
    """A finding, a vulnerability or an asset. By F-number, any id, asset's name or KIND:NAME.

    Of a vulnerability: its ids and who says that they are one, advisories, each finding with what each source says.
    Of an asset: its names and attributes, who sees it, and how many findings it has.
    """
    with store():
        from kairan.entrypoints import showing

        showing.show(name, as_json)


@click.command("explain")
@click.argument("name", metavar="F-123")
@as_json
@command
def explain_command(name: str, as_json: bool) -> None:
    """Why a finding is one, who sees it, why it is open or closed."""
    with store():
        from kairan.entrypoints import explaining

        explaining.explain(name, as_json)


COMMANDS = (search_command, count_command, export_command, show_command, explain_command)
