"""What publishers wrote about one vulnerability, worked out for a page: scores in words, texts once, references."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from kairan.store.queries.finding import AdvisoryText
from kairan.web import markdown, vectors
from kairan.web.markdown import host_of

MOST_REFERENCES = 100
_LONG = 3_000
_MOST_RENDERED = 40_000  # signs of all texts of a page that are rendered as Markdown


@dataclass(frozen=True, slots=True)
class Score:
    """One score, with everybody who gives it. `is_own`: nobody said the number, it follows from the vector."""

    by: Sequence[str]
    version: str
    vector: str
    score: float | None
    metrics: Sequence[vectors.Metric] = ()
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A description that one or several advisories bear. `html` is safe; a long one scrolls in its place."""

    advisories: Sequence[AdvisoryText]
    html: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """`is_link`: only http and https lead out of a page; any other scheme is text."""

    address: str
    is_link: bool


@dataclass(frozen=True, slots=True)
class References:
    """`more`: how many there are besides."""

    shown: Sequence[Reference]
    more: int


def scores(advisories: Iterable[AdvisoryText]) -> list[Score]:
    """Each score once, the newest version of CVSS first, the worst first."""
    found: dict[tuple[str, str, float | None], dict[str, None]] = {}
    for advisory in advisories:
        for cvss in advisory.cvss:
            key = (str(cvss.get("version", "")), str(cvss.get("vector", "")), cvss.get("score"))
            found.setdefault(key, {})[str(cvss.get("by") or advisory.publisher)] = None
    told = [_score(*key, list(by)) for key, by in found.items()]
    return sorted(told, key=lambda score: (score.version, score.score or 0), reverse=True)


def _score(version: str, vector: str, number: float | None, by: Sequence[str]) -> Score:
    known = vectors.explained(vector)
    if known is None:
        return Score(by, version, vector, number)
    return Score(by, version, vector, known.base_score if number is None else number, known.metrics, number is None)


def texts(advisories: Iterable[AdvisoryText]) -> list[Text]:
    """Each description once: publishers copy from each other."""
    found: dict[str, list[AdvisoryText]] = {}
    for advisory in advisories:
        if advisory.description:
            found.setdefault(advisory.description, []).append(advisory)
    shown, signs = [], 0
    for description, writers in found.items():
        signs += len(description)
        html = (
            markdown.prose(description, writers[0].publisher) if signs < _MOST_RENDERED else markdown.plain(description)
        )
        shown.append(Text(writers, html, len(description) > _LONG))
    return shown


def references(advisories: Iterable[AdvisoryText]) -> References:
    """Each address once, the first of them."""
    addresses = dict.fromkeys(
        address for advisory in advisories for address in (advisory.url, *advisory.links) if address.strip()
    )
    shown = [Reference(address, bool(host_of(address))) for address in islice(addresses, MOST_REFERENCES)]
    return References(shown, len(addresses) - len(shown))
