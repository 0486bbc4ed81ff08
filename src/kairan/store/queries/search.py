"""Queries to SQL. The store is a star: findings in the middle, small tables of what they are about around them.

A term about an id, package, asset or text is answered in its small table first, and the keys found go into the query:
where they are few, PostgreSQL meets the findings by index; where many, walking the list in its order meets a page of
them soon. What sightings say of a finding (who reports it, is a fix known, in which namespace) lies on the
finding itself, in `traits`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg.sql import SQL, Composable

from kairan.domain.query import And, Choice, Node, Not, Or, Pattern, Period, Words
from kairan.domain.severity import Severity
from kairan.store.queries import raised
from kairan.store.queries.findings import Selection, Tallied, fetch
from kairan.store.queries.vectors import lexeme

FEW = 3_000
MANY = 50_000
EVERYTHING, NOTHING = SQL("true"), SQL("false")


def select(node: Node) -> Selection:
    """What the query lets through; a small query for each term about something around the findings."""
    where = SQL("f.merged_into_id is null and {}").format(_compile(node))
    return Selection(where, _tallied(node), _is_open(node), _names_ids(node), _is_unowned(node))


def _names_ids(node: Node) -> bool:
    match node:
        case Pattern("id" | "cve"):
            return True
        case And(nodes):
            return any(map(_names_ids, nodes))
        case _:
            return False


def _is_unowned(node: Node) -> bool:
    nodes = node.nodes if isinstance(node, And) else (node,)
    others = tuple(each for each in nodes if each != _UNOWNED)
    return len(others) < len(nodes) and _tallied(And(others)) is not None


_UNOWNED = Choice("is", frozenset({"unowned"}))


def _is_open(node: Node) -> bool | None:
    match node:
        case Choice("is", words) if words and words <= _STATES.keys() - {"unowned", "raised"}:
            states = {word == "open" for word in words}
            return states.pop() if len(states) == 1 else None
        case And(nodes):
            return next((said for said in map(_is_open, nodes) if said is not None), None)
        case _:
            return None


def _tallied(node: Node) -> Tallied | None:
    """State and severities alone, where the query says nothing else: the roll-up knows these lists."""
    chosen = Tallied()
    for each in node.nodes if isinstance(node, And) else (node,):
        match each:
            case Choice("is", words) if len(words) == 1 and words <= _OPEN.keys() and chosen.is_open is None:
                chosen = replace(chosen, is_open=_OPEN[min(words)])
            case Choice("severity", words):
                ranks = frozenset(int(Severity[word.upper()]) for word in words)
                chosen = replace(chosen, severities=chosen.severities & ranks)
            case _:
                return None
    return chosen


_OPEN = {"open": True, "closed": False}


def _compile(node: Node) -> Composable:
    match node:
        case And(nodes):
            return _joined(" and ", nodes) or EVERYTHING
        case Or(nodes):
            return _joined(" or ", nodes) or NOTHING
        case Not(inner):
            return SQL("not coalesce({}, false)").format(_compile(inner))
        case Choice(key, words):
            return _CHOICES[key](words)
        case Pattern(key, texts):
            return _any([_pattern(key, text) for text in texts])
        case Period(key, start, end):
            return _period(key, start, end)
        case Words(tokens):
            return _words(tokens) if tokens else EVERYTHING


def _joined(sign: str, nodes: tuple[Node, ...]) -> Composable | None:
    if not nodes:
        return None
    return SQL("({})").format(SQL(sign).join(_compile(each) for each in nodes))


def _any(parts: Sequence[Composable]) -> Composable:
    return SQL("({})").format(SQL(" or ").join(parts)) if parts else NOTHING


# --- what lies on the finding itself ---------------------------------------------------------------------------------


def _is(words: frozenset[str]) -> Composable:
    parts = [_STATES[word] for word in sorted(words & _STATES.keys())]
    kinds = sorted(words - _STATES.keys())
    if kinds:
        parts.append(_traits([f"kind:{kind}" for kind in kinds]))
    return _any(parts)


_STATES: Mapping[str, Composable] = {
    "open": SQL("f.is_open"),
    "closed": SQL("not f.is_open"),
    "fixed": SQL("(not f.is_open and f.close_reason in ('absent', 'reported_fixed'))"),
    "suppressed": SQL("(not f.is_open and f.close_reason = 'suppressed')"),
    "unowned": SQL("not exists (select from owner o where o.finding = f.id)"),
    "raised": SQL(f"f.vulnerability_id in ({raised.VULNERABILITIES})"),
}


def _severity(words: frozenset[str]) -> Composable:
    ranks = sorted(int(Severity[word.upper()]) for word in words)
    if len(ranks) == 1:
        return SQL("f.severity = {}").format(ranks[0])
    return SQL("f.severity = any({})").format(ranks)


def _fixed(words: frozenset[str]) -> Composable:
    known = _traits(["fix:known"])
    return _any([known if word == "yes" else SQL("not {}").format(known) for word in sorted(words)])


def _nothing(words: frozenset[str]) -> Composable:
    return NOTHING


_CHOICES: Mapping[str, Callable[[frozenset[str]], Composable]] = {
    "is": _is,
    "severity": _severity,
    "fixed": _fixed,
    "exploit": _nothing,
}


def _traits(traits: list[str]) -> Composable:
    return SQL("f.traits && {}::text[]").format(traits)


def _period(key: str, start: datetime | None, end: datetime | None) -> Composable:
    column = {"first-seen": SQL("f.first_seen"), "closed": SQL("f.closed_at")}[key]
    parts: list[Composable] = [SQL("{} is not null").format(column)]
    if start is not None:
        parts.append(SQL("{} >= {}").format(column, start))
    if end is not None:
        parts.append(SQL("{} < {}").format(column, end))
    return SQL("({})").format(SQL(" and ").join(parts))


# --- what lies around it ---------------------------------------------------------------------------------------------


def _named(kind: str) -> str:
    return (
        f"select id from asset where kind = '{kind}' and (lower(external_id) like {{like}} or lower(name) like {{like}}"
        " or id in (select asset_id from asset_name where lower(value) like {like}))"
    )


def _attribute(name: str) -> str:
    return f"select id from asset where lower(attributes->>'{name}') like {{like}}"


_VULNERABILITY, _PACKAGE, _ASSET = SQL("f.vulnerability_id"), SQL("f.package_id"), SQL("f.asset_id")
_AROUND: Mapping[str, tuple[SQL, str]] = {
    "id": (_VULNERABILITY, "select vulnerability_id from identifier where lower(value) like {like}"),
    "cve": (
        _VULNERABILITY,
        "select vulnerability_id from identifier where lower(value) like {like} and lower(value) like 'cve-%%'",
    ),
    "package": (_PACKAGE, "select id from package where lower(name) like {like} or lower(key) like {like}"),
    "ecosystem": (_PACKAGE, "select id from package where lower(ecosystem) like {like}"),
    "asset": (
        _ASSET,
        "select id from asset where lower(external_id) like {like} or lower(name) like {like}"
        " union all select asset_id from asset_name where lower(value) like {like}",
    ),
    "asset-kind": (_ASSET, "select id from asset where lower(kind) like {like}"),
    "repo": (_ASSET, _named("repository")),
    "image": (_ASSET, _named("image")),
    "instance": (_ASSET, _attribute("instance")),
    "account": (_ASSET, _attribute("account")),
    "region": (_ASSET, _attribute("region")),
    "cluster": (_ASSET, _attribute("cluster")),
    "namespace": (_ASSET, _attribute("namespace")),
}
_TRAITS = {"source", "scope", "cluster", "namespace"}


def _pattern(key: str, text: str) -> Composable:
    like = like_of(text)
    if key == "path":
        return _path(like)
    if key == "team":
        return _OWNED_BY.format(teams=[row[0] for row in fetch(_TEAMS.format(like=like))])
    parts = [_trait_like(key, like)] if key in _TRAITS else []
    if key in _AROUND:
        column, keys = _AROUND[key]
        parts.append(_around(column, SQL(keys).format(like=like)))
    return _any(parts)


_TEAMS = SQL("select id from team where lower(key) like {like} or lower(name) like {like}")
_OWNED_BY = SQL("exists (select from owner o where o.finding = f.id and o.team_id = any({teams}::bigint[]))")


def attribute(name: str, values: Sequence[str]) -> Composable:
    """The asset says one of these of itself under this name, in any case."""
    keys = SQL("select id from asset a, jsonb_each_text(a.attributes) e where lower(e.key) = {name} and ({any_of})")
    any_of = [SQL("lower(e.value) like {}").format(like_of(each)) for each in values]
    return _around(_ASSET, keys.format(name=name.lower(), any_of=_any(any_of)))


_PATHS = SQL("select distinct value from finding_tally where about = 'path' and lower(value) like {like} limit {limit}")


def _path(like: str) -> Composable:
    """The roll-up tells which paths there are."""
    found = [row[0] for row in fetch(_PATHS.format(like=like, limit=FEW + 1))]
    if len(found) > FEW or not like.strip("%"):  # a finding without a path has the empty one
        return SQL("lower(f.location) like {}").format(like)
    return SQL("(f.location <> '' and f.location = any({}))").format(found) if found else NOTHING


def like_of(text: str) -> str:
    r"""A query's text as LIKE's pattern in lower case: `*` is `%`, the rest stands for itself."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("*", "%").lower()


def _trait_like(key: str, like: str) -> Composable:
    query = SQL("select value from trait where lower(value) like {}").format(f"{key}:{like}")
    found = [row[0] for row in fetch(query)]
    return _traits(found) if found else NOTHING


_KEYS = SQL(
    "select count(*), coalesce(array_agg(key), '{{}}')::text from (select key from ({keys}) k (key) limit {limit}) k"
)


def _around(column: SQL, keys: Composable) -> Composable:
    """The finding's key is one of these, looked up once for the page, its count and its facets.

    Few of them PostgreSQL meets by index. Many it hashes: as a list it would ask its statistics about each one.
    """
    [(number, found)] = fetch(_KEYS.format(keys=keys, limit=MANY + 1))
    if not number:
        return NOTHING
    if number <= FEW:
        return SQL("{column} = any({found}::bigint[])").format(column=column, found=found)
    if number <= MANY:
        keys = SQL("select unnest({found}::bigint[])").format(found=found)
    return SQL("({column} in ({keys})) is true").format(column=column, keys=keys)


_TEXTS = (
    (
        _VULNERABILITY,
        "select unnest(vulnerability_ids) from advisory where words @@ {ask}::tsquery"
        " union all select vulnerability_id from identifier where words @@ {ask}::tsquery",
    ),
    (_PACKAGE, "select id from package where words @@ {ask}::tsquery"),
    (_ASSET, "select asset_id from asset_name where words @@ {ask}::tsquery"),
)


def _words(tokens: tuple[str, ...]) -> Composable:
    ask = " <-> ".join(lexeme(token) for token in tokens)
    return _any([_around(column, SQL(keys).format(ask=ask)) for column, keys in _TEXTS])
