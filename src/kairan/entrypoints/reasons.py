"""What `kairan explain` says of rules, owner and messages of a finding."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from kairan.domain.harmless import safe
from kairan.services.explain import Bar, Match, Owned, RuleFit, Why
from kairan.services.untold import Reason, Told

_MATCH = {
    Match.OPENED: "opened its case",
    Match.ADDED: "added whom to tell",
    Match.FITS: "fits",
    Match.MISSES: "does not fit",
}
_BAR = {
    Bar.CLOSED: "rules look at open findings only",
    Bar.WAITS: "no rule has looked at it since it changed",
    Bar.EARLIER: "it did not fit when its case was last looked at",
}
_REASON: Mapping[Reason, str] = {
    Reason.SENT: "sent",
    Reason.NEXT: "waits for its turn",
    Reason.LATER: "waits for its time (a digest, quiet hours, another try)",
    Reason.PAUSED: "the destination is paused",
    Reason.BROKEN: "the destination fails; it waits until somebody tests it",
    Reason.ASKED_TO_WAIT: "the destination asked us to wait",
    Reason.SENDING: "is being sent",
    Reason.UNCERTAIN: "nobody knows whether it arrived; it is being looked for",
    Reason.REFUSED: "refused by the destination",
    Reason.OVERTAKEN: "taken back before it was sent: newer news took its place",
    Reason.BASELINE: "not told yet: its source's first connection is silent, and released in slices",
    Reason.COVERED: "not told: it joined a case that a decision covers",
    Reason.NO_CHANNEL: "not told: its team has no channel there",
    Reason.UNOWNED: "not told: it is nobody's, so there is no team to tell",
    Reason.NO_TELL: "not told: the rule names nobody to tell",
    Reason.NO_CASE: "nobody was told: no rule made a case of it",
    Reason.NOT_MADE: "not told: nothing new happened since this place was added",
}


def tell(why: Why) -> None:
    """Three paragraphs: rules, owner, who was told."""
    click.echo("Rules" if why.rules else "Rules: kairan.yaml has none, so nothing opens a case")
    for rule in why.rules:
        click.echo(safe(f"  {rule.position} {rule.name}: {_rule(rule)}"))
    if why.gone_rule:
        click.echo(safe(f"  Its case was opened by {why.gone_rule}, a rule that kairan.yaml no longer has."))
    click.echo(safe(f"Owner: {_owner(why.owner)}"))
    click.echo(f"Told of C-{why.standing.case}" if why.standing.case else "Told")
    for told in why.told:
        click.echo(safe(f"  {_told(told)}"))


def _rule(rule: RuleFit) -> str:
    said = _MATCH[rule.match]
    if rule.bar:
        said += f"; but {_BAR[rule.bar]}"
    if rule.match is Match.MISSES:
        return f"{said}: not {', not '.join(term.text for term in rule.missing)}"
    return f"{said} ({rule.when or 'everything'})"


def _owner(owner: Owned) -> str:
    if not owner.team:
        return "nobody; no entry of the ownership in kairan.yaml fits"
    entry = "; ".join(f"{label} {value}" for label, value in owner.asks) or "everything"
    by = f", by entry {owner.position} of the ownership ({entry})" if owner.position else ""
    return f"{owner.team} ({owner.name}){by}" if owner.name else owner.team + by


def _told(told: Told) -> str:
    place = f"{told.destination} #{told.channel}" if told.channel else told.destination
    head = " ".join(filter(None, (told.purpose.replace("_", " "), place)))
    by = f" (by the rule {told.rule})" if told.rule else ""
    at = f" {_at(told.at)}" if told.at else ""
    error = f": {told.error}" if told.error else ""
    return f"{head}{by}: {_REASON[told.reason]}{at}{error}" if head else f"{_REASON[told.reason]}{by}"


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}"


def as_object(why: Why) -> dict[str, Any]:
    """The same for programs: codes, not sentences."""
    return {
        "case": f"C-{why.standing.case}" if why.standing.case else None,
        "configuration": why.version or None,
        "rules": [_rule_object(rule) for rule in why.rules],
        "owner": {
            "team": why.owner.team or None,
            "entry": why.owner.position,
            "asks": dict(why.owner.asks),
        },
        "told": [_told_object(told) for told in why.told],
    }


def _rule_object(rule: RuleFit) -> dict[str, Any]:
    terms = [{"text": term.text, "fits": term.fits} for term in rule.terms]
    return {
        "position": rule.position,
        "name": rule.name,
        "when": rule.when,
        "match": rule.match.value,
        "but": rule.bar.value or None,
        "terms": terms,
    }


def _told_object(told: Told) -> dict[str, Any]:
    return {
        "reason": told.reason.value,
        "rule": told.rule or None,
        "destination": told.destination or None,
        "channel": told.channel or None,
        "purpose": told.purpose or None,
        "at": told.at,
        "error": told.error or None,
    }
