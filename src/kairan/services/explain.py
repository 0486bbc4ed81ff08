"""Use case: say of one finding which rule matched, or which part of which rule did not; whose it is, and why; what
was told of it, and what was not, and why not. Codes and values: pages and commands put them into words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from kairan.domain.config import Config, Ownership, Rule
from kairan.domain.normalised import BY_HAND
from kairan.domain.query.parse import Term, parse_terms
from kairan.services import configuration
from kairan.services.untold import Told, told_of
from kairan.store.queries import why
from kairan.store.queries.why import Standing


class Match(StrEnum):
    """What a rule is to a finding."""

    OPENED = "opened"  # its case is this rule's
    ADDED = "added"  # its case is an earlier rule's; this one added whom to tell
    FITS = "fits"  # it fits, and has not led to anything
    MISSES = "misses"  # a term does not fit


class Bar(StrEnum):
    """Why a rule that fits has led to nothing."""

    NONE = ""
    CLOSED = "closed"  # rules look at open findings only
    WAITS = "waits"  # no rule has looked at it since it changed
    EARLIER = "earlier"  # the case was there before the rule, or before the finding fitted it


@dataclass(frozen=True, slots=True)
class TermFit:
    """A term of a rule's `when`, and whether the finding fits it today."""

    text: str
    fits: bool


@dataclass(frozen=True, slots=True)
class RuleFit:
    """`position` counts from 1. `terms` are joined by "and"; none: the rule takes everything."""

    position: int
    name: str
    when: str
    match: Match
    terms: Sequence[TermFit]
    bar: Bar = Bar.NONE

    @property
    def missing(self) -> Sequence[TermFit]:
        return [term for term in self.terms if not term.fits]


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose it is ("" nobody's), and the entry of `ownership` that says so: its place from 1, and what it asks."""

    team: str
    name: str
    position: int | None = None
    asks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """`gone_rule`: the case's rule, where the configuration no longer has it."""

    standing: Standing
    owner: Owned
    rules: Sequence[RuleFit]
    told: Sequence[Told]
    version: int
    gone_rule: str = ""

    @property
    def matched(self) -> Sequence[RuleFit]:
        return [rule for rule in self.rules if rule.match in (Match.OPENED, Match.ADDED)]


def rules_of(finding: int, now: datetime) -> Why | None:
    """Why this finding is, or is not, in a case, and who was told. None: there is no such finding."""
    standing = why.standing(finding)
    if standing is None:
        return None
    config = configuration.active()
    # nobody misses the rule that needs a person's word
    rules = [each for each in _rules(config, standing, now) if each.name != BY_HAND or each.match != Match.MISSES]
    known = {rule.name for rule in config.rules or ()}
    return Why(
        standing,
        _owner(config, standing),
        rules,
        told_of(config, standing, now),
        configuration.version(),
        "" if not standing.rule or standing.rule in known else standing.rule,
    )


def _rules(config: Config, standing: Standing, now: datetime) -> list[RuleFit]:
    zone = ZoneInfo(config.time_zone)
    asked = [(rule, parse_terms(rule.when, now, zone)) for rule in config.rules or ()]
    fits = _fits(standing.id, [term for _, terms in asked for term in terms])
    return [_rule(at, rule, terms, fits, standing) for at, (rule, terms) in enumerate(asked, 1)]


def _fits(finding: int, terms: Sequence[Term]) -> Mapping[Term, bool]:
    """Each term once, however many rules say it."""
    each = list(dict.fromkeys(terms))
    return dict(zip(each, why.fits(finding, [term.node for term in each]), strict=True))


def _rule(at: int, rule: Rule, terms: Sequence[Term], fits: Mapping[Term, bool], standing: Standing) -> RuleFit:
    said = [TermFit(term.text, fits[term]) for term in terms]
    match = _match(rule, said, standing)
    return RuleFit(at, rule.name, rule.when, match, said, _bar(standing) if match is Match.FITS else Bar.NONE)


def _match(rule: Rule, terms: Sequence[TermFit], standing: Standing) -> Match:
    if rule.name == standing.rule:
        return Match.OPENED
    if rule.name in standing.also:
        return Match.ADDED
    return Match.FITS if all(term.fits for term in terms) else Match.MISSES


def _bar(standing: Standing) -> Bar:
    if not standing.is_open:
        return Bar.CLOSED
    return Bar.EARLIER if standing.case and not standing.waits else Bar.WAITS


def _owner(config: Config, standing: Standing) -> Owned:
    at = standing.owner_rule
    if at is None:
        return Owned(standing.team, standing.team_name)
    entry = config.ownership[at - 1] if 0 < at <= len(config.ownership) else Ownership()
    return Owned(standing.team, standing.team_name, at, tuple(asks(entry)))


def asks(entry: Ownership) -> list[tuple[str, str]]:
    """What an ownership entry asks for, as labelled texts; none: it takes everything."""
    lists = {
        "query": (entry.query,) if entry.query else (),
        "repository": entry.repository,
        "account": entry.account,
        "namespace": entry.namespace,
        "cluster": entry.cluster,
        "image": entry.image,
        "resource-group": entry.resource_group,
        "tag": tuple(f"{key}={value}" for key, value in entry.tag.items()),
        "codeowners": (entry.codeowners,) if entry.codeowners else (),
    }
    return [(label, ", ".join(values)) for label, values in lists.items() if values]
