"""What `kairan show` prints: a finding, a vulnerability, or an asset, whichever bears the name."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from kairan.domain.asset import asset_kind
from kairan.domain.errors import ConfigError
from kairan.domain.harmless import safe
from kairan.domain.image import parse_image
from kairan.domain.severity import Severity
from kairan.entrypoints.listings import show_finding
from kairan.entrypoints.rows import versions
from kairan.entrypoints.terminal import print_json, print_table
from kairan.services.export import as_object
from kairan.store.queries import asset, epss, vulnerability
from kairan.store.queries.aliases import KnownAssertion
from kairan.store.queries.counting import Group
from kairan.store.queries.finding import Sighting

_FINDING = re.compile(r"(F-)?\d+", re.IGNORECASE | re.ASCII)
_MOST_ASSETS = 20


def show(name: str, as_json: bool) -> None:
    """F-123 is a finding; else any id of a vulnerability; else an asset."""
    name = name.strip()
    if _FINDING.fullmatch(name):
        show_finding(name, as_json)
    elif (number := vulnerability.number_of(name)) is not None:
        known = vulnerability.find(number)
        said = epss.of_vulnerability(number)
        print_json(_vulnerability_object(known, said)) if as_json else _tell_vulnerability(known, said)
    else:
        _show_asset(name, as_json)


# --- a vulnerability -------------------------------------------------------------------------------------------------


def assertion_objects(assertions: Sequence[KnownAssertion]) -> list[dict[str, Any]]:
    return [asdict(each) for each in assertions]


def tell_assertions(assertions: Sequence[KnownAssertion]) -> None:
    """Who says which ids are one; what is not followed says so."""
    for each in assertions:
        note = " (withdrawn by a person)" if each.withdrawn else " (disputed: not followed)" if each.disputed else ""
        click.echo(safe(f"  {each.left} = {each.right}, says {each.publisher}{note}"))


def view_object(seen: Sighting) -> dict[str, Any]:
    """What one source says of a finding."""
    return {
        "source": seen.source,
        "source_kind": seen.source_kind,
        "scope": seen.scope,
        "reported_as": seen.reported_as,
        "live": seen.is_live,
        "severity": seen.severity.word,
        "severity_source": seen.severity_source,
        "status": seen.status,
        "installed": seen.installed,
        "fixed": seen.fixed,
        "end_reason": seen.end_reason,
    }


def _vulnerability_object(known: vulnerability.Known, said: Sequence[epss.Probability]) -> dict[str, Any]:
    identity = known.identity
    return {
        "vulnerability": identity.primary_id,
        "kind": identity.kind,
        "ids": identity.ids,
        "assertions": assertion_objects(identity.assertions),
        "epss": [asdict(each) for each in said],
        "advisories": [
            {
                "publisher": each.publisher,
                "id": each.external_id,
                "title": each.title,
                "url": each.url,
                "severity": each.severity.word,
                "withdrawn_at": each.withdrawn_at,
            }
            for each in known.advisories
        ],
        "findings_count": known.count,
        "findings": [
            as_object(row) | {"views": [view_object(each) for each in known.views[row.id]]} for row in known.findings
        ],
    }


def _tell_vulnerability(known: vulnerability.Known, said: Sequence[epss.Probability]) -> None:
    identity = known.identity
    click.echo(safe(f"{identity.primary_id}  {identity.kind}"))
    click.echo(safe(f"  ids  {', '.join(identity.ids)}"))
    tell_assertions(identity.assertions)
    for number in said:
        click.echo(f"  EPSS {number.probability:.2%} of {number.identifier}, on {number.as_of:%Y-%m-%d}")
    for each in known.advisories:
        gone = "  (withdrawn)" if each.withdrawn_at else ""
        click.echo(safe(f"Advisory {each.external_id} of {each.publisher}: {each.title or '-'}{gone}").rstrip())
        if each.url:
            click.echo(safe(f"  {each.url}"))
    if not known.findings:
        click.echo("No finding: nothing of ours is known to have it.")
        return
    shown = f"{len(known.findings)} of {known.count}" if known.count > len(known.findings) else str(known.count)
    click.echo(f"Findings: {shown}")
    print_table(("finding", "asset", "package", "state", "source", "severity", "status", "versions"), _views(known))


def _views(known: vulnerability.Known) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    for row in known.findings:
        state = "open" if row.is_open else f"closed ({row.close_reason})"
        head = (f"F-{row.id}", f"{row.asset_kind}:{row.asset}", row.package or row.location or "-", state)
        for each in known.views[row.id]:
            source = each.source if each.is_live else f"{each.source} (ended: {each.end_reason})"
            view = (source, each.severity.word, each.status or "-", versions(each.installed, each.fixed))
            lines.append((*head, *view))
            head = ("", "", "", "")
        if not known.views[row.id]:
            lines.append((*head, "-", row.severity.word, "-", "-"))
    return lines


# --- an asset --------------------------------------------------------------------------------------------------------


def _show_asset(name: str, as_json: bool) -> None:
    kind, plain = asset_kind(name)
    found = asset.named(_spellings(kind, plain), kind, most=_MOST_ASSETS + 1)
    if not found and kind:  # a name may begin like a kind: image:tag, host:port
        found = asset.named(_spellings(None, name), None, most=_MOST_ASSETS + 1)
    if not found:
        raise ConfigError(_hint(name, plain))
    if len(found) > 1:
        _list(name, found, as_json)
        return
    known = asset.find(found[0].id)
    print_json(_asset_object(known)) if as_json else _tell_asset(known)


def _spellings(kind: str | None, name: str) -> list[str]:
    """The name, and for images its canonical form: `nginx:1.25` is `docker.io/library/nginx`."""
    try:
        return [name, parse_image(name.lower()).name] if kind in (None, "image") else [name]
    except ValueError:
        return [name]


def _hint(name: str, plain: str) -> str:
    near = asset.like(plain, most=3) if plain else []
    hint = f"Did you mean {' or '.join(f'{each.kind}:{each.name}' for each in near)}? " if near else ""
    return (
        f"no finding, id or asset is called {safe(name)!r}. {safe(hint)}"
        "Write F-123, CVE-2021-44228, or an asset's name or KIND:NAME; `kairan search` looks for words"
    )


def _list(name: str, found: Sequence[asset.AssetName], as_json: bool) -> None:
    if as_json:
        print_json({"assets": [{n: v for n, v in asdict(each).items() if n != "id"} for each in found[:_MOST_ASSETS]]})
        return
    click.echo(safe(f"Several assets are called {name}; show one of them by KIND:NAME"))
    print_table(("kind", "name", "stable id"), ((e.kind, e.name, e.external_id) for e in found[:_MOST_ASSETS]))
    if len(found) > _MOST_ASSETS:
        click.echo("and more")


def _asset_object(known: asset.Known) -> dict[str, Any]:
    return {
        "asset": f"{known.kind}:{known.name}",
        "kind": known.kind,
        "external_id": known.external_id,
        "name": known.name,
        "names": known.names,
        "attributes": known.attributes,
        "known_since": known.created_at,
        "sources": [asdict(each) for each in known.sources],
        "findings": [
            {"severity": each.values[0], "state": each.values[1], "count": each.count} for each in known.findings
        ],
    }


def _tell_asset(known: asset.Known) -> None:
    click.echo(safe(f"{known.kind}:{known.name}"))
    click.echo(safe(f"  stable id  {known.external_id}"))
    click.echo(safe(f"  names      {', '.join(known.names) or '-'}"))
    for key, value in sorted(known.attributes.items()):
        click.echo(safe(f"  {key:<10} {value}"))
    print_table(
        ("seen by", "kind", "findings now", "ended", "as of"),
        ((e.name, e.kind, e.live, e.ended, f"{e.as_of:%Y-%m-%d %H:%M}" if e.as_of else "-") for e in known.sources),
    )
    print_table(("severity", "state", "findings"), ((*e.values, e.count) for e in _worst_first(known)))


def _worst_first(known: asset.Known) -> list[Group]:
    return sorted(known.findings, key=lambda e: (e.values[1] != "open", -Severity.parse(e.values[0])))
