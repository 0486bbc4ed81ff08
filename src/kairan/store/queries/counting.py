"""How many findings a query lets through: exactly, and by what they have in common."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg.sql import SQL

from kairan.domain.errors import ConfigError
from kairan.domain.severity import Severity
from kairan.store.queries.findings import Selection, fetch


@dataclass(frozen=True, slots=True)
class Group:
    """`values` in the order of the keys; None where the finding has none (a secret has no package)."""

    values: tuple[str | None, ...]
    count: int


_ASSET = "join asset a on a.id = f.asset_id"
_PACKAGE = "left join package p on p.id = f.package_id"
_OWNER = "left join owner o on o.finding = f.id left join team m on m.id = o.team_id"
_VULNERABILITY = "join vulnerability v on v.id = f.vulnerability_id"


def _said(key: str, known: str = "null") -> str:
    """A join for what sightings say, one row for each value: a finding that has two counts under both."""
    return f"""left join lateral (
        select substr(t, {len(key) + 2}) as value from unnest(f.traits) t where starts_with(t, '{key}:')
        union select {known} where {known} is not null) "{key}" on true"""


# key -> expression, and the joins that it needs
_KEYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "severity": ("f.severity", ()),
    "state": (
        "case when f.is_open then 'open' when f.close_reason in ('absent', 'reported_fixed') then 'fixed'"
        " when f.close_reason = 'suppressed' then 'suppressed' else 'closed' end",
        (),
    ),
    "kind": ('"kind".value', (_said("kind"),)),
    "source": ('"source".value', (_said("source"),)),
    "asset-kind": ("a.kind", (_ASSET,)),
    "asset": ("a.kind || ':' || a.name", (_ASSET,)),
    "repo": ("case when a.kind = 'repository' then a.name end", (_ASSET,)),
    "image": ("case when a.kind = 'image' then a.name end", (_ASSET,)),
    "account": ("a.attributes->>'account'", (_ASSET,)),
    "region": ("a.attributes->>'region'", (_ASSET,)),
    "cluster": ('"cluster".value', (_ASSET, _said("cluster", "a.attributes->>'cluster'"))),
    "namespace": ('"namespace".value', (_ASSET, _said("namespace", "a.attributes->>'namespace'"))),
    "package": ("p.name", (_PACKAGE,)),
    "ecosystem": ("p.ecosystem", (_PACKAGE,)),
    "id": ("v.primary_id", (_VULNERABILITY,)),
    "team": ("m.key", (_OWNER,)),
}
KEYS = tuple(_KEYS)


def parse_keys(text: str) -> tuple[str, ...]:
    """Read `severity,source`. ConfigError names the keys."""
    keys = tuple(dict.fromkeys(part.strip().lower().replace("_", "-") for part in text.split(",")))
    for key in keys:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            hint = f"{near[0]!r}? There are" if near else "there are"
            raise ConfigError(f"findings cannot be counted by {key!r}; {hint} {', '.join(KEYS)}")
    return keys


def count(selected: Selection) -> int:
    """How many findings, exactly: it reads all of them."""
    [(number,)] = fetch(SQL("select count(*) from finding f where {}").format(selected.where))
    return int(number)


def count_by(selected: Selection, keys: Sequence[str], *, most: int | None = None) -> list[Group]:
    """Groups by some of KEYS, the largest first. A finding with several values of a key counts under each.

    With `most` one more is read where there are more: so that it can be said.
    """
    joins = dict.fromkeys(join for key in keys for join in _KEYS[key][1])
    columns = ", ".join(_KEYS[key][0] for key in keys)
    places = ", ".join(str(at) for at in range(1, len(keys) + 1))
    query = f"select {columns}, count(*) from finding f {' '.join(joins)} where {{where}} group by {places}"
    ordered = SQL(query + f" order by count(*) desc, {places} limit {{limit}}")
    found = fetch(ordered.format(where=selected.where, limit=None if most is None else most + 1))
    return [Group(tuple(map(_word, keys, row)), row[-1]) for row in found]


def _word(key: str, value: object) -> str | None:
    if value is None:
        return None
    return Severity(int(str(value))).word if key == "severity" else str(value)
