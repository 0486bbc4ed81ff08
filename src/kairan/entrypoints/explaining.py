"""What `kairan explain` prints: why a finding is one, who sees it, and why it is open or closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from kairan.domain.errors import ConfigError
from kairan.domain.harmless import safe
from kairan.entrypoints import reasons
from kairan.entrypoints.listings import number_of
from kairan.entrypoints.showing import assertion_objects, tell_assertions, view_object
from kairan.entrypoints.terminal import print_json
from kairan.runtime import clock
from kairan.services.explain import rules_of
from kairan.store.queries.finding import Detail, Sighting, find, folded_into
from kairan.store.queries.vulnerability import Identity, identity

_ENDED = {
    "absent": "a complete report of {scope} no longer names it",
    "reported_fixed": "{source} itself says that it is fixed",
    "asset_gone": "the asset is gone from {scope}",
    "superseded": "something else took its place",
    "merged": "it became part of another finding",
    "closed_by_person": "a person closed it",
    "suppressed": "{source} itself says that it does not apply (VEX, ignore file)",
}
_CLOSED_ALONE = {
    "superseded": "its ids turned out to belong to another vulnerability: what reported it counts there",
    "merged": "it became part of another finding",
    "closed_by_person": "a person closed it",
}


def explain(name: str, as_json: bool) -> None:
    """A finding that became part of another one is explained as that other one, and this is said."""
    asked = number_of(name)
    found = find(asked)
    while found is not None and found.merged_into is not None:
        found = find(found.merged_into)
    if found is None:
        raise ConfigError(f"there is no finding {safe(name)}")
    names, folded = identity(found.vulnerability_id), folded_into(found.id)
    because = rules_of(found.id, clock.now())
    assert because is not None
    if as_json:
        print_json(_as_object(asked, found, names, folded) | reasons.as_object(because))
    else:
        _tell(asked, found, names, folded)
        reasons.tell(because)


def _as_object(asked: int, found: Detail, names: Identity, folded: Sequence[int]) -> dict[str, Any]:
    return {
        "finding": f"F-{found.id}",
        "asked": f"F-{asked}",
        "merged": [f"F-{number}" for number in folded],
        "identity": {
            "vulnerability": names.primary_id,
            "ids": names.ids,
            "why_one": _why_one(names),
            "assertions": assertion_objects(names.assertions),
            "asset": {"kind": found.asset_kind, "external_id": found.asset_id, "name": found.asset},
            "package": found.package_key or None,
            "location": found.location,
        },
        "state": "open" if found.is_open else "closed",
        "close_reason": found.close_reason,
        "closed_at": found.closed_at,
        "why": why(found),
        "sightings": [_sighting_object(each) for each in found.sightings],
    }


def _sighting_object(seen: Sighting) -> dict[str, Any]:
    return view_object(seen) | {
        "scope_kind": seen.scope_kind,
        "watermark": seen.watermark,
        "first_seen": seen.first_seen,
        "last_seen": seen.last_seen,
        "ended_at": seen.ended_at,
        "held": seen.held,
        "why": _why_seen(seen),
    }


def _tell(asked: int, found: Detail, names: Identity, folded: Sequence[int]) -> None:
    lines = [f"F-{asked} became part of F-{found.id}."] if asked != found.id else []
    lines += [
        f"F-{found.id}  {why(found)}",
        "Identity",
        f"  vulnerability  {names.primary_id}: {_why_one(names)}",
        f"  asset          {found.asset_kind} {found.asset_id}",
        f"  package        {found.package_key or '-'}",
        f"  location       {found.location or '-'}",
    ]
    if folded:
        lines.append(f"  merged         {', '.join(f'F-{number}' for number in folded)}: same vulnerability and place")
    for line in lines:
        click.echo(safe(line))
    if names.assertions:
        click.echo("Who says that ids are one")
        tell_assertions(names.assertions)
    click.echo("Sightings" if found.sightings else "Sightings: none is left")
    for seen in found.sightings:
        click.echo(
            safe(f"  {seen.source} ({seen.scope_kind} of {seen.scope}) as {seen.reported_as}: {_why_seen(seen)}")
        )
        click.echo(f"    first seen {_at(seen.first_seen)}; the scope is known up to {_at(seen.watermark)}")


def why(found: Detail) -> str:
    """Why the finding is open or closed, in a sentence."""
    live = [seen for seen in found.sightings if seen.is_live]
    if found.is_open:
        by = ", ".join(dict.fromkeys(seen.source for seen in live))
        held = [seen for seen in live if seen.held]
        if held and len(held) == len(live):
            return f"Open until a person decides: who saw it no longer does, but held closing {held[0].held} waits."
        return f"Open: {len(live)} of {len(found.sightings)} sightings are live, reported by {by}."
    since = f"Closed since {_at(found.closed_at)}"
    alone = _CLOSED_ALONE.get(found.close_reason)
    if alone and not any(seen.end_reason == found.close_reason for seen in found.sightings):
        return f"{since}: {alone}."
    last = max(
        (seen for seen in found.sightings if seen.ended_at and seen.end_reason == found.close_reason),
        key=lambda seen: seen.ended_at or seen.first_seen,
        default=None,
    )
    reason = _reason(last) if last else found.close_reason
    return f"{since}: no sighting is live; of the last one, {reason}." if last else f"{since}: {reason}."


def _why_one(names: Identity) -> str:
    if len(names.ids) == 1:
        return "its only id"
    standing = [each for each in names.assertions if not each.disputed and not each.withdrawn]
    by = ", ".join(dict.fromkeys(each.publisher for each in standing)) or "nobody any more"
    return f"{', '.join(names.ids)} are one, says {by}"


def _why_seen(seen: Sighting) -> str:
    if seen.held:
        return f"live, but its newest report does not name it: held closing {seen.held}, see `kairan held`"
    if seen.is_live:
        return f"live: its newest report, of {_at(seen.watermark)}, still counts"
    return f"ended {_at(seen.ended_at)}: {_reason(seen)}"


def _reason(seen: Sighting) -> str:
    return _ENDED.get(seen.end_reason, seen.end_reason).format(scope=seen.scope, source=seen.source)


def _at(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "-"
