"""What the page of one vulnerability says: its ids and who vouches for them, the texts, how far it has spread."""

from collections.abc import Sequence
from dataclasses import dataclass

from kairan.domain.severity import Severity
from kairan.store.queries import epss
from kairan.store.queries import vulnerability_touches as touches
from kairan.store.queries.aliases import KnownAssertion
from kairan.store.queries.epss import Probability
from kairan.store.queries.finding import AdvisoryText, advisories_of
from kairan.store.queries.vulnerability import Identity
from kairan.web import advisories, links
from kairan.web.markdown import host_of


@dataclass(frozen=True, slots=True)
class Alias:
    """ "`left` is `right`", says `publisher`. `standing` is a code of words.ALIAS."""

    left: str
    right: str
    publisher: str
    standing: str


@dataclass(frozen=True, slots=True)
class Column:
    """One advisory among the others: `score` is the highest that it gives, `link` its own address where it is one."""

    text: AdvisoryText
    score: advisories.Score | None
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """How many findings of one severity, with the lists of them."""

    severity: Severity
    open: int
    closed: int
    open_link: str
    closed_link: str


@dataclass(frozen=True, slots=True)
class Sheet:
    names: Identity
    title: str
    severity: Severity
    aliases: Sequence[Alias]
    columns: Sequence[Column]
    texts: Sequence[advisories.Text]
    scores: Sequence[advisories.Score]
    cwes: Sequence[str]
    epss: Sequence[Probability]
    references: advisories.References
    spread: touches.Spread
    lines: Sequence[Line]
    open: int
    closed: int
    findings: str


def of(vulnerability: int, names: Identity) -> Sheet:
    written = advisories_of(vulnerability)
    spread = touches.spread(vulnerability)
    return Sheet(
        names=names,
        title=next((text.title for text in written if text.title and text.title != names.primary_id), ""),
        severity=_severity(spread, written),
        aliases=[_alias(assertion) for assertion in names.assertions],
        columns=[_column(text) for text in written],
        texts=advisories.texts(written),
        scores=advisories.scores(written),
        cwes=list(dict.fromkeys(cwe for text in written for cwe in text.cwes)),
        epss=epss.of_vulnerability(vulnerability),
        references=advisories.references(written),
        spread=spread,
        lines=_lines(spread, names.primary_id),
        open=sum(count.number for count in spread.counts if count.is_open),
        closed=sum(count.number for count in spread.counts if not count.is_open),
        findings=links.findings(id=names.primary_id),
    )


def _severity(spread: touches.Spread, written: Sequence[AdvisoryText]) -> Severity:
    """The worst where it is open; where it is nowhere open, the worst that is written."""
    found = [count.severity for count in spread.counts if count.is_open]
    return max(found or [text.severity for text in written], default=Severity.UNKNOWN)


def _alias(assertion: KnownAssertion) -> Alias:
    standing = "withdrawn" if assertion.withdrawn else "disputed" if assertion.disputed else "followed"
    return Alias(assertion.left, assertion.right, assertion.publisher, standing)


def _column(text: AdvisoryText) -> Column:
    return Column(text, next(iter(advisories.scores([text])), None), text.url if host_of(text.url) else "")


def _lines(spread: touches.Spread, identifier: str) -> list[Line]:
    numbers = {(count.is_open, count.severity): count.number for count in spread.counts}
    return [
        Line(
            severity,
            numbers.get((True, severity), 0),
            numbers.get((False, severity), 0),
            links.findings(links.OPEN, severity=severity.word, id=identifier),
            links.findings("is:closed", severity=severity.word, id=identifier),
        )
        for severity in sorted({severity for _, severity in numbers}, reverse=True)
    ]
