"""What the buttons of a case's page do: each one use case of services.triage, with what to say when it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _

from kairan.domain.answer import Said
from kairan.domain.errors import KairanError
from kairan.services import baseline, evidence, telling_teams, ticketing, triage
from kairan.services.actor import Actor
from kairan.services.choice import ChoiceError, Wrong
from kairan.store.queries import case_page, which_case
from kairan.web import words as field_words
from kairan.web.cases import form, words


class RefusedError(KairanError):
    """It was not done; the text says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Done:
    """What to say; `undo` is the decision that can be taken back; `answers`: the reader is through with the part;
    `link`: where to look at it."""

    text: str
    undo: int | None = None
    answers: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One press of a button."""

    request: HttpRequest
    case: int
    actor: Actor
    now: datetime

    def said(self, name: str) -> str:
        return self.request.POST.get(name, "")

    def number(self, name: str) -> int:
        """A row's number; what is none names a row that is not there."""
        text = self.said(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

    @property
    def part(self) -> int:
        """A part of this case: a form cannot reach into another one unseen."""
        number = self.number("part")
        if which_case.of_part(number) != self.case:
            raise triage.NoSuchCaseError(f"C-{self.case} has no such part")
        return number

    @property
    def decision(self) -> int:
        number = self.number("decision")
        if which_case.of_decision(number) != self.case:
            raise triage.NoSuchCaseError(f"C-{self.case} has no such decision")
        return number


def run(deed: Deed) -> Done:
    """Do what the button says. ChoiceError, ForbiddenError, IllegalTransition, NoSuchCaseError."""
    command = COMMANDS.get(deed.said("do"))
    if command is None:
        raise ChoiceError({"do": Wrong("no_status", {"status": deed.said("do")[:100]})})
    return command(deed)


def _decide(deed: Deed) -> Done:
    part = deed.part
    team = next((each.team for each in case_page.parts(deed.case) if each.id == part), None)
    files = form.stored_files(deed.request, deed.actor, deed.now, team)
    try:
        decided = triage.decide(part, form.choice_of(deed.request.POST, files), deed.actor, deed.now)
    except BaseException:  # whatever it was: files of no decision are not kept
        evidence.discard(files)
        raise
    status = field_words.word(words.STATUS, deed.said("status"))
    if decided.state == "waiting":
        return Done(_("It waits for an approver: %(status)s") % {"status": status}, decided.decision, answers=True)
    return Done(_("Decided: %(status)s") % {"status": status}, decided.decision, answers=True)


def _claim(deed: Deed) -> Done:
    triage.claim(deed.part, deed.actor, deed.now)
    return Done(_("You take care of it."))


def _unclaim(deed: Deed) -> Done:
    triage.unclaim(deed.part, deed.actor, deed.now)
    return Done(_("Nobody takes care of it now."))


def _fix(deed: Deed) -> Done:
    decided = triage.fix(deed.part, deed.said("reason"), deed.actor, deed.now)
    return Done(_("Claimed as fixed. Scans will tell."), decided.decision, answers=True)


def _verify(deed: Deed) -> Done:
    decided = triage.verify(deed.part, deed.said("reason"), deed.actor, deed.now)
    return Done(_("The next scan verifies it."), decided.decision, answers=True)


def _due(deed: Deed) -> Done:
    triage.set_due(deed.part, form.day_of(deed.request.POST, "due_at"), deed.actor, deed.now)
    return Done(_("The due date was changed."))


def _approve(deed: Deed) -> Done:
    decision = deed.decision
    triage.approve(decision, deed.actor, deed.now, deed.said("note"))
    return Done(_("Approved: it is in force now."), decision, answers=True)


def _refuse(deed: Deed) -> Done:
    triage.refuse(deed.decision, deed.actor, deed.now, deed.said("note"))
    return Done(_("Refused: the part stays as it was."), answers=True)


def _undo(deed: Deed) -> Done:
    triage.undo(deed.decision, deed.actor, deed.now)
    return Done(_("Taken back: the part is as it was before."))


def _comment(deed: Deed) -> Done:
    triage.comment(deed.case, deed.said("text"), deed.actor, deed.now)
    return Done(_("Your comment is there."))


def _ask(deed: Deed) -> Done:
    triage.ask(deed.part, deed.said("text"), deed.actor, deed.now)
    return Done(_("Your question was sent to those who triage."))


def _watch(deed: Deed) -> Done:
    triage.watch(deed.case, deed.actor, deed.now)
    return Done(_("You watch this case."))


def _unwatch(deed: Deed) -> Done:
    triage.unwatch(deed.case, deed.actor, deed.now)
    return Done(_("You no longer watch this case."))


def _ticket(deed: Deed) -> Done:
    answer = ticketing.make_ticket(deed.case, deed.actor, deed.now)
    text = field_words.word(words.TICKET, answer.code) % {"destination": answer.params.get("destination", "")}
    if answer.is_refusal:
        raise RefusedError(text)
    return Done(text, link=str(answer.params.get("url", "")))


def _write(deed: Deed) -> Done:
    ticked = [int(each) for each in deed.request.POST.getlist("team") if each.isascii() and each.isdigit()]
    answer = telling_teams.write(deed.case, ticked, deed.said("message"), deed.actor, deed.now)
    if answer.errors:
        raise ChoiceError({name: Wrong(each.code, each.params) for name, each in answer.errors.items()})
    if answer.code is Said.ILLEGAL:
        raise RefusedError(_("Nothing was sent: the case is closed."))
    teams, again = (_listed(answer.params.get(name)) for name in ("teams", "again"))
    if answer.code is Said.SENT_BEFORE:
        return Done(_("Nothing was sent again: %(teams)s got this very text within the hour.") % {"teams": teams})
    said = [_("On its way to: %(teams)s.") % {"teams": teams}]
    if again:
        said.append(_("Told before, and not again: %(teams)s.") % {"teams": again})
    return Done(" ".join(said))


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) if isinstance(names, list) else ""


def _tell(deed: Deed) -> Done:
    if baseline.release_case(deed.case, deed.actor, deed.now):
        return Done(_("It is told now."))
    return Done(_("It was told already."))


COMMANDS: Mapping[str, Callable[[Deed], Done]] = {
    "decide": _decide,
    "claim": _claim,
    "unclaim": _unclaim,
    "fix": _fix,
    "verify": _verify,
    "due": _due,
    "approve": _approve,
    "refuse": _refuse,
    "undo": _undo,
    "comment": _comment,
    "ask": _ask,
    "watch": _watch,
    "unwatch": _unwatch,
    "ticket": _ticket,
    "write": _write,
    "tell": _tell,
}
