"""GraphQL answers, whatever was asked around the lists: repositories by alias, searches, viewers, organisations."""

import msgspec
from msgspec import Raw

from kairan.domain.finding import AssetRef
from kairan.interfaces.decoding import BAD_JSON, first_byte
from kairan.sources.github_dependabot.alerts import of_graph
from kairan.sources.github_dependabot.decoding import decode
from kairan.sources.github_dependabot.report import NULL, Found
from kairan.sources.github_dependabot.repositories import asset_of
from kairan.sources.github_dependabot.structs import GraphError, Repository, elements, members

ALERT = frozenset(
    {
        "securityVulnerability",
        "securityAdvisory",
        "vulnerableManifestPath",
        "vulnerableManifestFilename",
        "vulnerableRequirements",
    }
)
CONNECTION = frozenset({"nodes", "edges", "pageInfo", "totalCount"})
LISTS = frozenset({"vulnerabilityAlerts", "securityVulnerabilities", "securityAdvisories"})
_OWN = frozenset({"ghsaId", "identifiers", "summary", "description"})
_DEPTH = 16

_repository = msgspec.json.Decoder(Repository)
_errors = msgspec.json.Decoder(list[GraphError | None] | None)

Fields = dict[str, Raw]


def read_page(fields: Fields, position: str, found: Found) -> None:
    """One answer: `data`, and what GitHub says in `errors` of what it could not give."""
    dot = f"{position}." if position else ""
    messages = errors_of(fields, f"{dot}errors")
    found.errors += messages
    data = fields["data"]
    where = f"{dot}data"
    read_data(data, where, found)
    if first_byte(data) == b"{":
        for key, value in decode(members, data).items():
            if value == NULL and messages:
                found.refuse(NULL, f"{where}.{key}", f"is null: GitHub says {'; '.join(messages)[:300]!r}")


def errors_of(fields: Fields, where: str) -> list[str]:
    raw = fields.get("errors")
    if raw is None or first_byte(raw) != b"[":
        return []
    try:
        return [error.message or "no reason" for error in _errors.decode(raw) or () if error]
    except BAD_JSON:
        return [f"{where} is not readable"]


def read_data(raw: Raw, where: str, found: Found) -> None:
    """What stands in `data`: an object whose every member is a field that was asked for."""
    if first_byte(raw) != b"{":
        return
    fields = decode(members, raw)
    if "securityAdvisory" in fields:  # asked for by its id; further down it is a part of an alert
        found.advisory(fields.pop("securityAdvisory"), f"{where}.securityAdvisory")
    _fields(fields, where, _repository_of(raw), found, 0)


def read_connection(fields: Fields, where: str, found: Found) -> None:
    """A list that stands alone, as people keep them: of alerts or of advisories, as its first entry shows."""
    for position, raw in nodes_of(fields, where):
        keys = keys_of(raw)
        if keys & ALERT:
            found.alert(raw, position, of_graph)
        elif "advisory" in keys or keys & _OWN:
            found.advisory(raw, position)
        else:
            found.refuse(raw, position, "is null" if raw == NULL else "is neither an alert nor an advisory")


def _walk(raw: Raw, where: str, asset: AssetRef | None, found: Found, depth: int) -> None:
    if depth > _DEPTH:
        return
    first = first_byte(raw)
    if first == b"[":
        listed = decode(elements, raw)
        for index, element in enumerate(listed):
            _walk(element, f"{where}[{index}]", asset, found, depth + 1)
    elif first == b"{":
        fields = decode(members, raw)
        if fields.keys() & ALERT:
            found.alert(raw, where, of_graph, asset)
        elif _holds_alerts(fields, where):
            _alerts(raw, where, asset, found)
        else:
            _fields(fields, where, _repository_of(raw) or asset, found, depth)


def _fields(fields: Fields, where: str, asset: AssetRef | None, found: Found, depth: int) -> None:
    for key, value in fields.items():
        position = f"{where}.{key}" if where else key
        if key == "vulnerabilityAlerts":
            _alerts(value, position, asset, found)
        elif key in LISTS:
            _advisories(value, position, found)
        else:
            _walk(value, position, asset, found, depth + 1)


def _holds_alerts(fields: Fields, where: str) -> bool:
    """Is it a list of alerts under another name (`open: vulnerabilityAlerts(states: OPEN)`)?"""
    if not fields.keys() <= CONNECTION:
        return False
    return any(keys_of(raw) & ALERT for _, raw in nodes_of(fields, where))


def _alerts(raw: Raw, where: str, asset: AssetRef | None, found: Found) -> None:
    found.seen = True
    if raw == NULL:
        found.refuse(raw, where, "is null: alerts are off here, or the token may not read them")
        return
    fields = decode(members, raw)
    whose = asset or found.hint
    if whose and fields.keys() & {"nodes", "edges"}:
        found.looked_at(whose)
    for position, node in nodes_of(fields, where):
        found.alert(node, position, of_graph, asset)


def _advisories(raw: Raw, where: str, found: Found) -> None:
    """Advisories; one that was asked for without its own fields is told by each of its vulnerabilities."""
    found.seen = True
    if raw == NULL:
        return
    for position, node in nodes_of(decode(members, raw), where):
        fields = decode(members, node) if first_byte(node) == b"{" else {}
        if "vulnerabilities" in fields and not fields.keys() & _OWN:
            _advisories(fields["vulnerabilities"], f"{position}.vulnerabilities", found)
        else:
            found.advisory(node, position)


def nodes_of(fields: Fields, where: str) -> list[tuple[str, Raw]]:
    """The entries of a connection, asked for as `nodes` or as `edges { node }`, with where they stand."""
    dot = f"{where}." if where else ""
    nodes = fields.get("nodes", NULL)
    if nodes != NULL:
        listed = decode(elements, nodes)
        return [(f"{dot}nodes[{index}]", node) for index, node in enumerate(listed)]
    edges = fields.get("edges", NULL)
    if edges == NULL:
        return []
    listed = decode(elements, edges)
    return [(f"{dot}edges[{index}].node", _node_of(edge)) for index, edge in enumerate(listed)]


def _node_of(edge: Raw) -> Raw:
    return decode(members, edge).get("node", NULL) if first_byte(edge) == b"{" else edge


def keys_of(raw: Raw) -> frozenset[str]:
    """The keys of an object; none where it is something else."""
    if first_byte(raw) != b"{":
        return frozenset()
    fields = decode(members, raw)
    return frozenset(fields)


def _repository_of(raw: Raw) -> AssetRef | None:
    """The repository that an object is, if it is one."""
    try:
        return asset_of(_repository.decode(raw))
    except BAD_JSON:  # something else, with a `url` or an `id` of another type
        return None
