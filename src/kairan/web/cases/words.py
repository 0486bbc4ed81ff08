"""The words of cases, in the reader's language. A code nobody has translated yet is shown as it is."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kairan.domain.triage import Justification, Status, Until

Words = Mapping[str, str | Promise]

STATUS: Words = {
    Status.NEW: pgettext_lazy("case", "New"),
    Status.TRIAGING: pgettext_lazy("case", "Being looked into"),
    Status.ACTION_NEEDED: pgettext_lazy("case", "Action needed"),
    Status.FIX_CLAIMED: pgettext_lazy("case", "Fix claimed"),
    Status.WAITING_FOR_VERIFICATION: pgettext_lazy("case", "Waiting for verification"),
    Status.DEFERRED: pgettext_lazy("case", "Put off"),
    Status.RISK_ACCEPTED: pgettext_lazy("case", "Risk accepted"),
    Status.NOT_AFFECTED: pgettext_lazy("case", "Not affected"),
    Status.FALSE_POSITIVE: pgettext_lazy("case", "False positive"),
    Status.RESOLVED: pgettext_lazy("case", "Resolved"),
}
# What a button or a choice says that leads there.
CHOICE: Words = {
    Status.NEW: _("Put it back to new"),
    Status.TRIAGING: _("Look into it"),
    Status.ACTION_NEEDED: _("Action is needed"),
    Status.FIX_CLAIMED: _("It is fixed"),
    Status.WAITING_FOR_VERIFICATION: _("The fix is out: let a scan verify it"),
    Status.DEFERRED: _("Put it off"),
    Status.RISK_ACCEPTED: _("Accept the risk"),
    Status.NOT_AFFECTED: _("Not affected"),
    Status.FALSE_POSITIVE: _("False positive"),
}
STATE: Words = {
    "open": pgettext_lazy("case", "Open"),
    "parked": pgettext_lazy("case", "Waits for its terms to end"),
    "closed": pgettext_lazy("case", "Closed"),
}
UNTIL: Words = {
    Until.DATE: _("a date"),
    Until.FIX: _("a fixed version is known"),
    Until.EXPLOITATION: _("exploitation becomes known"),
}
JUSTIFICATION: Words = {
    Justification.COMPONENT_NOT_PRESENT: _("The component is not there"),
    Justification.CODE_NOT_PRESENT: _("The vulnerable code is not there"),
    Justification.CODE_NOT_IN_EXECUTE_PATH: _("The vulnerable code is never run"),
    Justification.NOT_CONTROLLED_BY_ADVERSARY: _("No attacker can reach the vulnerable code"),
    Justification.MITIGATIONS_EXIST: _("Mitigations are in place"),
}
RELOOK: Words = {
    "expired": _("Its term is over"),
    "fix_known": _("A fix is known now"),
    "exploited": _("It is exploited now"),
    "still_seen": _("Claimed as fixed, still seen"),
    "joined": _("More findings joined"),
}
DECISION: Words = {
    "waiting": _("Waits for an approver"),
    "effective": _("In force"),
    "refused": _("Refused by the approver"),
    "undone": _("Taken back"),
    "replaced": _("Replaced"),
    "ended": _("Its term is over"),
}
GROUP: Words = {
    "vulnerability": _("by vulnerability"),
    "fix": _("by fix"),
    "control": _("by control"),
    "asset": _("by asset"),
    "vulnerability-team": _("by vulnerability and team"),
}
SECTION: Words = {
    "new": _("New"),
    "relook": _("Needs another look"),
    "approval": _("Waiting for approval"),
    "team": _("Waiting for the team"),
    "verification": _("Waiting for verification"),
    "due": _("Due within 3 days, or overdue"),
    "expiring": _("Terms that end within 14 days"),
    "unowned": _("Nobody's"),
}
PURPOSE: Words = {
    "psirt_post": _("Post for those who triage"),
    "team_post": _("Post for the team"),
    "triage_form": _("Triage form"),
    "triage_message": _("Message to the team"),
    "ticket": _("Ticket"),
    "update": _("News below the post"),
    "closing": _("Closing below the post"),
    "reminder": _("Reminder"),
    "escalation": _("Escalation"),
    "handover": _("Handover"),
    "digest": _("Digest"),
    "roll_up": _("Roll-up"),
    "test": _("Test"),
}
DELIVERY: Words = {
    "pending": pgettext_lazy("delivery", "Waiting"),
    "sending": pgettext_lazy("delivery", "Being sent"),
    "sent": pgettext_lazy("delivery", "Sent"),
    "uncertain": pgettext_lazy("delivery", "Uncertain"),
    "refused": pgettext_lazy("delivery", "Refused"),
    "cancelled": pgettext_lazy("delivery", "Not needed any more"),
}
BULK: Words = {
    "waiting": pgettext_lazy("bulk", "Waiting"),
    "running": pgettext_lazy("bulk", "Running"),
    "done": pgettext_lazy("bulk", "Done"),
    "undoing": pgettext_lazy("bulk", "Being taken back"),
    "undone": pgettext_lazy("bulk", "Taken back"),
}
REFUSAL: Words = {
    "forbidden": _("There was no right to decide this any more."),
    "not_allowed": _("Its status does not allow this any more."),
    "wrong": _("The decision did not fit any more: its end may be over."),
    "gone": _("It is not there any more: it became part of another case."),
    "failed": _("It could not be done."),
    "undo_not_allowed": _("Not taken back: something newer happened to it."),
    "undo_forbidden": _("Not taken back: there was no right to do it any more."),
    "undo_gone": _("Not taken back: it is not there any more."),
    "undo_failed": _("Not taken back: it could not be done."),
}
# What is wrong with a field, by services.choice's codes; `%(most)s` and others come with it.
WRONG: Words = {
    "no_status": _("Choose one of these."),
    "only_scans": _("Only scans say that something is resolved."),
    "no_justification": _("Say why it is not affected."),
    "not_here": _("This belongs to another choice."),
    "no_reason": _("Give a reason: others have to understand it later."),
    "too_long": _("At most %(most)s signs."),
    "no_end": _("Say when it ends: at a date, with a fix, or with known exploitation."),
    "fix_known": _("A fix is known already: give a date, or fix it."),
    "exploitation_known": _("Exploitation is known already: give a date, or act."),
    "no_until": _("Choose one of these."),
    "no_date": _("Give the date."),
    "no_time": _("Write the date as 2026-11-21."),
    "in_the_past": _("The date has to be in the future."),
    "too_far": _("At most five years from now."),
    "no_link": _("Links begin with http:// or https://, one on each line."),
    "too_many": _("At most %(most)s links and files."),
    "no_text": _("Write something."),
    "nothing_ticked": _("Tick at least one team."),
    "no_type": _("Files of this kind are not kept. These are: %(known)s"),
    "empty_file": _("The file is empty."),
    "too_large": _("A file has at most %(most)s MiB."),
    "no_parts": _("Nothing matches that could be decided."),
    "too_many_parts": _("At most %(most)s at once: narrow the list."),
}
# What came of asking for a ticket, by domain.answer.Said; `%(destination)s` comes with it.
TICKET: Words = {
    "ticket": _("A ticket is on its way to %(destination)s."),
    "ticket_previewed": _("No destination makes tickets yet, so none was made: the preview shows what it would be."),
    "ticket_before": _("There is a ticket already."),
    "no_tickets": _("No ticket was made: no destination of the configuration makes tickets."),
}
SORT: Words = {
    "severity": _("The worst first"),
    "updated": _("What changed last"),
    "oldest": _("The oldest first"),
}
