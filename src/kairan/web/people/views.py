"""Who may log in: the list with the invitation, and the page of one person."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kairan.domain.errors import KairanError
from kairan.domain.rights import Right, Role
from kairan.services import lockout, people, tokens
from kairan.services.accounts import NameTaken
from kairan.services.names import UnfitError
from kairan.services.people import Invitation, LastAdministratorError, OwnDoorError
from kairan.store.queries import audit_log
from kairan.store.queries import people as queries
from kairan.web.address import address_of
from kairan.web.people import audit
from kairan.web.people.forms import InviteForm, RoleForm
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

_RECENT = 20
_Deed = Callable[[HttpRequest, int, datetime], Invitation | None]


@needs(Right.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """Everyone. The answer to an invitation shows its link: nowhere is it kept where it could be shown again."""
    form, invited = InviteForm(request.POST or None), None
    if form.is_valid():
        invited = _invite(request, form)
    if invited:
        form = InviteForm()
    now = timezone.now()
    everyone = queries.everyone()
    locked = lockout.locked_until([each.username for each in everyone], now)
    rows = [(each, locked.get(each.username)) for each in everyone]
    return render(request, "people/list.html", {"rows": rows, "form": form} | _shown(request, invited))


@needs(Right.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A person, what can be done about them, and what they did. `do` says which change a form asks for."""
    if queries.find(number) is None:
        raise Http404
    invited = None
    if request.method == "POST":
        deed = _DEEDS.get(request.POST.get("do", ""))
        if deed is None:
            raise BadRequest("nothing known is asked for")
        invited = _tried(deed, request, number)
        if invited is None:
            return redirect("person", number)
    return render(request, "people/one.html", _about(number) | _shown(request, invited))


def _about(number: int) -> dict[str, Any]:
    someone, now = queries.find(number), timezone.now()
    if someone is None:
        raise Http404
    deeds = audit_log.page(audit_log.Asked(person=number), _RECENT)
    return {
        "someone": someone,
        "locked": lockout.locked_until([someone.username], now).get(someone.username),
        "role_form": RoleForm(initial={"role": someone.role}),
        "tokens": [(token, token.works(now)) for token in tokens.of_person(number)],
        "entries": audit.told(deeds.entries),
        "more": deeds.older,
    }


def _invite(request: HttpRequest, form: InviteForm) -> Invitation | None:
    """The invitation, or None with the reason beside the field."""
    said = form.cleaned_data
    try:
        return people.add(
            said["username"],
            name=said["name"],
            email=said["email"],
            role=Role(said["role"]),
            by=actor_of(request),
            now=timezone.now(),
        )
    except NameTaken:
        form.add_error("username", _("Someone has this login name already. Choose another one."))
    except UnfitError as unfit:
        form.add_error(unfit.field, _("This holds signs that nobody can see, or is too long. Type it again."))
    return None


def _tried(deed: _Deed, request: HttpRequest, number: int) -> Invitation | None:
    """Do it; what the rules forbid is said on the page."""
    try:
        return deed(request, number, timezone.now())
    except LastAdministratorError:
        messages.error(request, _("This is the last administrator who can log in. Make someone else one first."))
    except OwnDoorError:
        messages.error(request, _("Nobody changes their own role or way in. Ask another administrator."))
    except KairanError:  # changed by somebody else between the page and the button
        messages.error(
            request, _("This is no longer possible: something changed meanwhile. See the page as it is now.")
        )
    return None


def _change_role(request: HttpRequest, number: int, now: datetime) -> None:
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise BadRequest("no such role")
    people.change_role(number, Role(form.cleaned_data["role"]), by=actor_of(request), now=now)
    messages.success(request, _("The role was changed. It counts from now on."))


def _disable(request: HttpRequest, number: int, now: datetime) -> None:
    people.disable(number, by=actor_of(request), now=now)
    messages.success(request, _("They are out: sessions, tokens and links no longer work."))


def _enable(request: HttpRequest, number: int, now: datetime) -> None:
    people.enable(number, by=actor_of(request), now=now)
    messages.success(request, _("They may log in again."))


def _reset(request: HttpRequest, number: int, now: datetime) -> Invitation:
    return people.reset(number, by=actor_of(request), now=now)


def _unlock(request: HttpRequest, number: int, now: datetime) -> None:
    people.unlock(number, by=actor_of(request), now=now)
    messages.success(request, _("They may try to log in again at once."))


def _revoke(request: HttpRequest, number: int, now: datetime) -> None:
    asked = request.POST.get("token", "")
    token = next((each.id for each in tokens.of_person(number) if str(each.id) == asked), None)
    if token is None:
        raise BadRequest("no such token")
    tokens.revoke(reader(request).pk, token, now, address_of(request))
    messages.success(request, _("The token no longer works."))


_DEEDS: Mapping[str, _Deed] = {
    "role": _change_role,
    "disable": _disable,
    "enable": _enable,
    "reset": _reset,
    "unlock": _unlock,
    "revoke": _revoke,
}


def _shown(request: HttpRequest, invited: Invitation | None) -> dict[str, Any]:
    """The link of an invitation, in full, to hand over."""
    if invited is None:
        return {}
    link = request.build_absolute_uri(reverse("setup", kwargs={"token": invited.token}))
    return {"invited": invited, "link": link}
