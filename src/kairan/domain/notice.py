"""A case as a text that every destination can draw: a title, and paragraphs of lines with links.

The lines are the Dependabot article's (mission D5), then ours: fixes, teams with their assets. A destination escapes,
fits it into its limits and says what it left out: a line's `items` may be cut between two of them, never within.
"""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec

from kairan.domain.message import CaseFacts, Fix, Message, Part, Place
from kairan.domain.wording import relook, source, status, word

NVD = "https://nvd.nist.gov/vuln/detail/"


class Run(msgspec.Struct, frozen=True):
    """A piece of text, perhaps a link, perhaps stressed."""

    text: str
    url: str = ""
    strong: bool = False


class Line(msgspec.Struct, frozen=True):
    """`runs`, then `items` with `separator` between."""

    runs: tuple[Run, ...]
    items: tuple[Run, ...] = ()
    separator: str = ", "


Paragraph = tuple[Line, ...]


class Notice(msgspec.Struct, frozen=True):
    """`title` as a channel reads it, `bare` as a ticket is called. `foot` is where the case stands, and its address."""

    title: str
    bare: str
    paragraphs: tuple[Paragraph, ...]
    foot: Line


def notice(message: Message) -> Notice:
    """A case's notice. The message has to have a case."""
    facts = message.case
    assert facts is not None
    bare = " ".join((facts.summary or facts.title).split()) or f"C-{facts.number}"
    paragraphs = (
        _where(message, facts),
        _what(facts, bare),
        _siem(facts),
        _fixes(facts, message.language),
        _teams(facts, message),
    )
    title = f"{_speaker(facts)} alert: {bare}"
    return Notice(title, bare, tuple(each for each in paragraphs if each), _foot(facts, message.language))


def window(message: Message, facts: CaseFacts) -> str:
    """`2023-03-31 00:00〜2023-04-01 00:00`, in the reader's zone."""
    zone = ZoneInfo(message.time_zone)
    begin, end = (f"{each.astimezone(zone):%Y-%m-%d %H:%M}" for each in facts.window)
    return f"{begin}〜{end}"


def severity(facts: CaseFacts) -> str:
    """GitHub calls medium MODERATE, and so do those who read its alerts."""
    moderate = facts.severity == "medium" and _is_dependabot(facts)
    return "MODERATE" if moderate else facts.severity.upper()


def _is_dependabot(facts: CaseFacts) -> bool:
    return "github_dependabot" in facts.sources


def _speaker(facts: CaseFacts) -> str:
    if _is_dependabot(facts):
        return source("github_dependabot")
    return source(facts.sources[0]) if facts.sources else "Kairan"


def _where(message: Message, facts: CaseFacts) -> Paragraph:
    filtered = f" (filtered by {message.filtered_by})" if message.filtered_by else ""
    first = Line((Run(window(message, facts) + filtered),))
    kinds = dict.fromkeys(place.kind for place in facts.places)
    return (first, *(_places(kind, facts.places) for kind in sorted(kinds, key=lambda kind: kind != "repository")))


def _places(kind: str, places: Iterable[Place]) -> Line:
    named = {place.name: place for place in places if place.kind == kind}  # one may be several teams'
    return Line((Run(f"{kind.replace('_', ' ')}: "),), tuple(Run(each.name, each.url) for each in named.values()))


def _what(facts: CaseFacts, bare: str) -> Paragraph:
    head = "securityAdvisory" if facts.kind == "vulnerability" else facts.kind.replace("_", " ")
    lines = [Line((Run(head, strong=True),)), Line((Run(bare),)), Line((Run(f"severity: {severity(facts)}"),))]
    if facts.ids:
        lines.append(Line((), tuple(Run(each, _address(facts, each)) for each in _ids(facts))))
    return tuple(lines)


def _ids(facts: CaseFacts) -> Iterable[str]:
    """The GHSA id first, as in the article."""
    return sorted(facts.ids, key=lambda each: each != facts.ghsa)


def _address(facts: CaseFacts, identifier: str) -> str:
    label = "advisory" if identifier == facts.ghsa else identifier
    return next((link.url for link in facts.links if link.label == label), "")


def _siem(facts: CaseFacts) -> Paragraph:
    names = {"siem_discover": "SIEM Discover", "siem_dashboard": "SIEM Dashboard"}
    return tuple(Line((Run(names[link.label], link.url),)) for link in facts.links if link.label in names)


def _fixes(facts: CaseFacts, language: str) -> Paragraph:
    if not facts.fixes:
        return ()
    return (Line((Run(word("fixed_in", language) + ": "),), tuple(Run(_fix(each, language)) for each in facts.fixes)),)


def _fix(fix: Fix, language: str) -> str:
    installed = f" {' / '.join(fix.installed[:5])}" if fix.installed else ""
    return f"{fix.package}{installed} → {fix.fixed or word('no_fix', language)}"


def _teams(facts: CaseFacts, message: Message) -> Paragraph:
    if not facts.parts:
        return ()
    head = Line((Run(word("teams", message.language), strong=True),))
    return (head, *(_team(part, facts, message) for part in facts.parts))


def _team(part: Part, facts: CaseFacts, message: Message) -> Line:
    name = part.name or word("nobody", message.language)
    channel = f" (#{part.channel_name})" if part.channel_name and part.channel_name != part.name else ""
    mine = tuple(Run(place.name, place.url) for place in facts.places if place.team == part.name)
    told = f"{channel} · {standing(part, message)}"
    return Line((Run(name, part.post), Run(told + (": " if mine else ""))), mine)


def standing(part: Part, message: Message) -> str:
    """A part's status, since when it needs another look, who it is with, and when it is due."""
    said = [status(part.status, message.language)]
    if part.relook:
        said.append(relook(part.relook, message.language))
    if part.by:
        said.append(word("by", message.language, name=part.by))
    if part.due_at:
        date = part.due_at.astimezone(ZoneInfo(message.time_zone))
        said.append(word("due", message.language, date=f"{date:%Y-%m-%d}"))
    return " · ".join(said)


def _foot(facts: CaseFacts, language: str) -> Line:
    runs = [Run(f"C-{facts.number}"), Run(status(facts.status, language))]
    runs.append(Run(word("found", language, count=facts.total)))
    if facts.exploited:
        runs.append(Run(word("exploited", language)))
    if facts.ticket:
        runs.append(Run(word("ticket", language), facts.ticket))
    if facts.is_demo:
        runs.append(Run(word("demo", language)))
    runs.append(Run(word("kairan", language), facts.url))
    return Line((), tuple(runs), " · ")
