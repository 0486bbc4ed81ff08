"""A case's page once more, because what was asked for was not done: as the case is by now, with all that was typed.

None of the words is lost because a field was wrong, or a colleague or a scan was faster. What no form of the page
has room for any more (the part was resolved, say) stands above them, to be copied.
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from kairan.services.choice import ChoiceError
from kairan.store.queries import case_page
from kairan.store.queries.case_page import Case
from kairan.web.cases import form, sheet
from kairan.web.cases.commands import Deed
from kairan.web.cases.sheet import PartSheet, Sheet

_WORDS = ("reason", "links", "text", "note", "message")


def has_words(deed: Deed) -> bool:
    """Was anything typed that would be missed?"""
    return any(deed.said(name).strip() for name in (*_WORDS, "due_at")) or bool(deed.request.FILES)


def context(deed: Deed, trouble: str, error: ChoiceError | None = None) -> Mapping[str, object]:
    """What the page's templates need."""
    case, part, do = _now(deed.case), deed.number("part"), deed.said("do")
    shown = sheet.of(case, deed.actor, deed.now, _sent(case, part, deed, error) if do == "decide" else None)
    once_more = " " + _("Choose the files once more: they were not kept.") if deed.request.FILES else ""
    return {
        "sheet": shown,
        "wrong": {"do": do, "part": part, **(form.told(error) if error else {})},
        "said": {name: deed.said(name) for name in (*_WORDS, "due_at")},
        "ticked": set(deed.request.POST.getlist("team")),
        "trouble": trouble + once_more,
        "homeless": [] if _has_room(shown, part, do) else _words(deed),
    }


def _now(number: int) -> Case:
    """The case, or what it became meanwhile."""
    found = case_page.find(number)
    into = case_page.find(found.merged_into) if found and found.merged_into else found
    assert into is not None  # cases are never deleted
    return into


def _sent(case: Case, part: int, deed: Deed, error: ChoiceError | None) -> Mapping[int, form.Form]:
    status = next((each.status for each in case_page.parts(case.id) if each.id == part), "")
    return {part: form.filled(form.blank(status), deed.request.POST, error)}


def _has_room(shown: Sheet, part: int, do: str) -> bool:
    """Does the page have the form that this came from?"""
    found = next((each for each in shown.parts if each.part.id == part), None)
    if do == "comment":
        return shown.may_comment
    if do == "write":
        return bool(shown.rooms)
    return found is not None and _part_has_room(found, do)


def _part_has_room(found: PartSheet, do: str) -> bool:
    if do in {"approve", "refuse"}:
        return found.may_approve
    return found.may_answer and (do in {"ask", "due"} or (do == "decide" and bool(found.form.choices)))


def _words(deed: Deed) -> Sequence[str]:
    return [text for text in map(deed.said, _WORDS) if text.strip()]
