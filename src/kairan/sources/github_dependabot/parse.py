"""The source: tells which documents are GitHub's, and what each element of them is."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Raw

from kairan.domain.errors import SourceError
from kairan.interfaces.decoding import BAD_JSON, first_byte, instant
from kairan.interfaces.source import Hints, Report, Shape
from kairan.sources.github_dependabot.alerts import Reader, of_graph, of_old, of_rest
from kairan.sources.github_dependabot.decoding import decode
from kairan.sources.github_dependabot.graph import (
    ALERT,
    CONNECTION,
    LISTS,
    Fields,
    errors_of,
    keys_of,
    read_connection,
    read_data,
    read_page,
)
from kairan.sources.github_dependabot.report import NULL, DependabotReport, Found
from kairan.sources.github_dependabot.repositories import asset_of
from kairan.sources.github_dependabot.structs import Times, Webhook, elements, members

_webhook = msgspec.json.Decoder(Webhook)
_times = msgspec.json.Decoder(Times)

_ANSWER = frozenset({"data", "errors", "extensions"})
_REST = frozenset({"security_advisory", "security_vulnerability", "dependency"})
_OLD = frozenset({"affected_package_name", "affected_range", "external_identifier"})
_OTHERS = frozenset({"data.Findings", "data.findings"})
_CODE_SCANNING = frozenset({"rule", "tool"})


class GithubDependabot:
    """A `kairan.interfaces.source.Source`."""

    kind = "github_dependabot"
    title = "GitHub Dependabot"
    parser_version = 1

    def recognises(self, shape: Shape) -> bool:
        keys = frozenset(key for key in shape.keys if "." not in key)  # `data.x`: a key within
        if shape.type not in {"object", "array"} or not keys or shape.keys & _OTHERS:
            return False
        if "data" in keys:  # a null is a scalar: an answer that is nothing but errors
            return keys <= _ANSWER and "data" not in shape.scalars
        if {"action", "alert"} <= keys:
            return isinstance(shape.scalars.get("action"), str) and "alert" not in shape.scalars
        lone = (keys == {"alerts"} and "alerts" not in shape.scalars) or bool(keys <= LISTS)
        listed = bool(keys & {"nodes", "edges"}) and keys <= CONNECTION and shape.type == "object"
        alert = bool(keys & ALERT) or ("security_advisory" in keys and len(keys & _REST) > 1)
        return lone or listed or alert or _is_code_scanning(keys)

    def reports(self, data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
        first = first_byte(data)
        if first == b"{":
            yield from _of_object(data, hints)
            return
        listed = decode(elements, data) if first == b"[" else []
        if first != b"[":
            decode(msgspec.json.Decoder(None), data)  # `null`, or what is wrong
        if not listed:
            yield _empty(hints)
            return
        yield from _of_array(listed, hints)

    def redacted(self, data: memoryview | bytes) -> bytes | None:
        return None  # secret scanning is refused before anything is kept


def _is_code_scanning(keys: frozenset[str]) -> bool:
    return keys >= _CODE_SCANNING and bool(keys & {"most_recent_instance", "instances_url"})


def _of_object(data: memoryview | bytes, hints: Hints) -> Iterator[Report]:
    fields = decode(members, data)
    if not fields:
        yield _empty(hints)
    elif whole := _whole(Raw(data), fields, "", hints):
        yield whole
    else:
        found = Found.of(hints.asset)
        _element(Raw(data), fields, "", found)
        yield _report(found, fields, hints)


def _of_array(listed: list[Raw], hints: Hints) -> Iterator[Report]:
    """Pages and alerts are one report; webhooks and runs have an instant each and are one each."""
    found, wholes = Found.of(hints.asset), list[Report]()
    last: Fields = {}
    for index, raw in enumerate(listed):
        position = f"[{index}]"
        if first_byte(raw) != b"{":
            found.refuse(raw, position, "is null" if raw == NULL else "is no object")
            continue
        fields = decode(members, raw)
        if whole := _whole(raw, fields, position, hints):
            wholes.append(whole)
        else:
            last = fields
            _element(raw, fields, position, found)
    if last or found.alerts:
        yield _report(found, last, hints)
    yield from wholes


def _report(found: Found, fields: Fields, hints: Hints) -> Report:
    """The report. SourceError where nothing in it was a list that GitHub answers with."""
    if not found.seen and not found.alerts:
        _refuse_foreign(fields)
    if not found.seen and found.errors:
        raise SourceError(f"is an error answer of the GitHub API: {'; '.join(found.errors)[:300]}")
    return DependabotReport(found, hints.name, complete=hints.complete is True)


def _refuse_foreign(fields: Fields) -> None:
    if messages := errors_of(fields, "errors"):
        raise SourceError(f"is an error answer of the GitHub API: {'; '.join(messages)[:300]}")
    inside = fields.get("data", NULL)
    keys = decode(members, inside) if first_byte(inside) == b"{" else fields
    shown = ", ".join(sorted(keys)[:8])[:200]
    raise SourceError(
        "is no answer of GitHub with Dependabot alerts or advisories: it holds neither vulnerabilityAlerts nor "
        f"securityVulnerabilities nor securityAdvisories, but {shown or 'nothing'}"
    )


def _element(raw: Raw, fields: Fields, position: str, found: Found) -> None:
    """One element of a list, or the whole document."""
    keys = frozenset(fields)
    if "data" in keys:
        read_page(fields, position, found)
    elif keys <= CONNECTION:
        read_connection(fields, position, found)
        found.seen = found.seen or bool(found.alerts)
    elif keys <= LISTS:
        read_data(raw, position, found)
    elif reader := _reader(keys):
        found.alert(raw, position or "alert", reader)
    else:
        _refuse(raw, keys, position or "alert", found)


def _reader(keys: frozenset[str]) -> Reader | None:
    if keys & _REST:
        return of_rest
    return of_graph if keys & ALERT else None


def _refuse(raw: Raw, keys: frozenset[str], position: str, found: Found) -> None:
    if keys & {"secret_type", "secret"}:  # it holds the secret: nothing of the document may be kept
        raise SourceError(f"{position} is a secret scanning alert, which is not read")
    if _is_code_scanning(keys):
        found.refuse(raw, position, "is a code scanning alert, not one of Dependabot")
    else:
        shown = ", ".join(sorted(keys)[:8])[:200]
        found.refuse(raw, position, f"is no Dependabot alert: it has the fields {shown or '(none)'}")


def _whole(raw: Raw, fields: Fields, position: str, hints: Hints) -> Report | None:
    """A document with an instant of its own: a webhook, or a run's alerts."""
    if {"action", "alert"} <= fields.keys():
        return _of_webhook(raw, position, hints)
    if fields.keys() == {"alerts"}:
        return _of_run(fields["alerts"], f"{position}.alerts" if position else "alerts", hints)
    return None


def _of_webhook(raw: Raw, position: str, hints: Hints) -> Report:
    """One alert of one repository: never complete."""
    webhook = decode(_webhook, raw)
    where = f"{position}.alert" if position else "alert"
    keys = keys_of(webhook.alert)
    reader = of_rest if keys & _REST else of_old if keys & _OLD else None
    if reader is None:
        what = (
            "secret scanning" if keys & {"secret_type", "secret"} else "code scanning" if "rule" in keys else "foreign"
        )
        raise SourceError(f"is a webhook with a {what} alert, not one of Dependabot")
    found = Found.of(hints.asset)
    repository = asset_of(webhook.repository) if webhook.repository else None
    found.alert(webhook.alert, where, reader, repository, webhook.action)
    times = [at for each in _time(webhook.alert).changes if (at := instant(each))]
    return DependabotReport(found, hints.name, max(times, default=None))


def _of_run(raw: Raw, where: str, hints: Hints) -> Report:
    """`{"alerts": [...]}`: each alert as GitHub gave it, with the run's instant and its repository."""
    found, times = Found.of(hints.asset), list[datetime]()
    known = False
    listed = decode(elements, raw)
    for index, element in enumerate(listed):
        position = f"{where}[{index}]"
        keys = keys_of(element)
        known |= bool(_reader(keys))
        if not keys:
            found.refuse(element, position, "is null" if element == NULL else "is no alert")
        elif reader := _reader(keys):
            found.alert(element, position, reader)
            times += [at] if (at := instant(_time(element).timestamp)) else []
        else:
            _refuse(element, keys, position, found)
    if listed and not known:
        raise SourceError(f"is no document of Dependabot alerts: {where}[0] has neither an advisory nor a package")
    return DependabotReport(found, hints.name, min(times, default=None), complete=hints.complete is True)


def _time(raw: Raw) -> Times:
    try:
        return _times.decode(raw)
    except BAD_JSON:  # the alert says so itself when it is its turn
        return Times()


def _empty(hints: Hints) -> Report:
    """`null`, `[]`, `{}`: a repository without alerts, if somebody says which."""
    if hints.asset is None:
        raise SourceError(
            "the list is empty and names no repository: say whose it is with --asset repository:github.com/OWNER/NAME"
        )
    found = Found.of(hints.asset)
    assert found.hint
    found.looked_at(found.hint)
    return DependabotReport(found, hints.name, complete=hints.complete is True)
