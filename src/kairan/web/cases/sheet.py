"""What the page of one case says, put together: what it is, fix, where, who decides what, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kairan.domain.rights import Right
from kairan.domain.triage import DECIDED, SETTLED, State
from kairan.domain.versions import step
from kairan.services import baseline, configuration, may, telling_teams, ticketing, triage
from kairan.services.actor import Actor
from kairan.services.effects import Effects
from kairan.services.telling_teams import Room
from kairan.services.ticketing import Maker
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_page as queries
from kairan.store.queries import raised
from kairan.store.queries.case_page import Case, Decision, Delivered, Finding, Fix, Part
from kairan.store.queries.finding import advisories_of
from kairan.store.queries.raised import Discussion
from kairan.web import advisories
from kairan.web.cases import form, timeline
from kairan.web.cases.form import Form
from kairan.web.findings.commands import upgrade_command


@dataclass(frozen=True, slots=True)
class Remedy:
    """A package's way out: `version` is the nearest fixed one, `command` what gets there; "" where nothing is known."""

    fix: Fix
    version: str
    command: str


@dataclass(frozen=True, slots=True)
class PartSheet:
    """A part with all that can be done to it by this reader.

    `in_force` and `waiting` are decisions; `undoable` the one that can still be taken back, until `undo_until`.
    """

    part: Part
    findings: Sequence[Finding]
    hidden: int
    closed: int
    form: Form
    effects: Effects
    strict: Sequence[str]
    in_force: Decision | None
    waiting: Decision | None
    undoable: Decision | None
    undo_until: datetime | None
    earlier: Sequence[Decision]
    may_answer: bool
    may_approve: bool
    is_mine: bool
    can_claim: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    case: Case
    texts: Sequence[advisories.Text]
    references: advisories.References
    remedies: Sequence[Remedy]
    without_fix: Sequence[Fix]
    words: Sequence[str]  # what publishers say is to be done
    parts: Sequence[PartSheet]
    timeline: Sequence[timeline.Entry]
    messages: Sequence[Delivered]
    posts: Sequence[Delivered]
    discussions: Sequence[Discussion]
    rule_when: str | None
    is_watching: bool
    may_comment: bool
    may_decide: bool
    ticket: Delivered | None
    maker: Maker | None
    rooms: Sequence[Room]
    draft: str
    next_slice: datetime | None


def of(case: Case, actor: Actor, now: datetime, sent: Mapping[int, Form] | None = None) -> Sheet:
    """`sent` are forms that came back with something wrong, by part."""
    written = advisories_of(case.vulnerability) if case.vulnerability else []
    fixes = queries.fixes(case.id)
    found = queries.findings(case.id)
    messages = queries.messages(case.id)
    decider, is_open = may.is_allowed(actor, Right.DECIDE), case.state != State.CLOSED
    rooms = telling_teams.rooms(case.id) if decider and is_open else []
    return Sheet(
        case=case,
        texts=advisories.texts(written),
        references=advisories.references(written),
        remedies=[_remedy(fix) for fix in fixes if fix.fixed],
        without_fix=[fix for fix in fixes if not fix.fixed],
        words=list(dict.fromkeys(each.remediation for each in written if each.remediation)),
        parts=_parts(case, found, actor, now, sent or {}),
        timeline=timeline.entries(queries.events(case.id)),
        messages=messages,
        posts=[each for each in messages if each.url and each.state == "sent" and not each.edits],
        discussions=raised.discussions(raw_cursor(), case.vulnerability) if case.vulnerability else [],
        rule_when=_when(case.rule),
        is_watching=actor.person is not None and queries.is_watching(case.id, actor.person),
        may_comment=may.is_allowed(actor, Right.COMMENT),
        may_decide=decider,
        ticket=queries.ticket(case.id),
        maker=ticketing.maker(),
        rooms=rooms,
        draft=telling_teams.draft(case.id) if rooms else "",
        next_slice=None if case.told_at else baseline.next_slice(now),
    )


def _parts(
    case: Case, found: Sequence[Finding], actor: Actor, now: datetime, sent: Mapping[int, Form]
) -> list[PartSheet]:
    strict = [status.value for status in DECIDED if triage.needs_approval(status, case.rule)]
    approver, decider = may.is_allowed(actor, Right.APPROVE), may.is_allowed(actor, Right.DECIDE)
    own = frozenset(may.teams_of(actor)) if may.is_allowed(actor, Right.COMMENT) else frozenset()
    return [
        _part(
            part,
            [each for each in found if each.part == part.id],
            actor,
            now,
            sent.get(part.id),
            strict=strict,
            may_answer=decider or part.team in own,
            approver=approver,
            decider=decider,
        )
        for part in queries.parts(case.id)
    ]


def _part(
    part: Part,
    found: Sequence[Finding],
    actor: Actor,
    now: datetime,
    sent: Form | None,
    *,
    strict: Sequence[str],
    may_answer: bool,
    approver: bool,
    decider: bool,
) -> PartSheet:
    waiting = next((each for each in part.decisions if each.state == "waiting"), None)
    in_force = next((each for each in part.decisions if each.id == part.decision), None)
    undoable = _undoable(part, actor, now, decider=decider) if may_answer else None
    return PartSheet(
        part=part,
        findings=found,
        hidden=max(0, part.findings - sum(each.is_open for each in found)),
        closed=sum(not each.is_open for each in found),
        form=sent or form.blank(part.status),
        effects=triage.effects([part.id], triage.Choice(part.status)),
        strict=strict,
        in_force=in_force,
        waiting=waiting,
        undoable=undoable,
        undo_until=undoable.in_force_since + triage.UNDO if undoable else None,
        earlier=[each for each in part.decisions if each not in (waiting, in_force)],
        may_answer=may_answer,
        may_approve=approver and waiting is not None and waiting.decided_by != actor.person,
        is_mine=part.claimed_by is not None and part.claimed_by == actor.person,
        can_claim=may_answer and part.status not in SETTLED and part.claimed_by != actor.person,
    )


def _undoable(part: Part, actor: Actor, now: datetime, *, decider: bool) -> Decision | None:
    """The newest decision, while it can be taken back by this reader. The service looks once more."""
    newest = next((each for each in part.decisions if each.state not in {"undone", "refused"}), None)
    if newest is None or newest.state != "effective" or not (decider or newest.decided_by == actor.person):
        return None
    same = part.status == newest.status and part.status_since == newest.in_force_since
    return newest if same and now <= newest.in_force_since + triage.UNDO else None


def _remedy(fix: Fix) -> Remedy:
    installed = fix.installed[0] if fix.installed else ""
    version = step(fix.ecosystem, installed, fix.fixed)
    return Remedy(fix, version, upgrade_command(fix.ecosystem, fix.package, version))


def _when(rule: str) -> str | None:
    """What the rule asks for today; None: there is no such rule any more."""
    return next((each.when for each in configuration.active().rules or () if each.name == rule), None)
