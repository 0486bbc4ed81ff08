"""What `kairan count` prints."""

import click

from kairan.entrypoints.terminal import print_json, print_table
from kairan.store.queries.counting import count, count_by, parse_keys
from kairan.store.queries.findings import Selection


def show(text: str, selected: Selection, by: str | None, as_json: bool) -> None:
    """The number alone; or a line for each group, and the number of findings at the end."""
    keys = parse_keys(by) if by is not None else ()
    total = count(selected)
    if not keys:
        if as_json:
            print_json({"query": text, "count": total})
        else:
            click.echo(total)
        return
    groups = count_by(selected, keys)
    if as_json:
        found = [dict(zip((*keys, "count"), (*each.values, each.count), strict=True)) for each in groups]
        print_json({"query": text, "count": total, "by": keys, "groups": found})
        return
    lines = ((*("-" if value is None else value for value in each.values), each.count) for each in groups)
    print_table((*keys, "findings"), lines)
    click.echo(f"{total} findings")
