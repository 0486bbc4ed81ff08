"""Ways in: the one-time link, login, logout."""

from datetime import datetime

from django.contrib import auth
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kairan.services import accounts, demo
from kairan.services.accounts import Link, LinkState
from kairan.services.lockout import LockedOutError
from kairan.services.names import UnfitError
from kairan.store.models import Person
from kairan.web.accounts.forms import InvitationForm, LoginForm, SetupForm
from kairan.web.address import address_of
from kairan.web.preferences import remember_language, way_back
from kairan.web.security import public

_BACKEND = "kairan.web.accounts.backend.PasswordBackend"


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first administrator, or set the password of someone invited. Looking does not use the link up."""
    link = accounts.look_at(token, timezone.now())
    if link.state not in {LinkState.FIRST, LinkState.INVITES}:
        return _link_unusable(request, link)
    invites = link.state is LinkState.INVITES
    kind = InvitationForm if invites else SetupForm
    form = kind(request.POST or None, initial={"language": translation.get_language()})
    if form.is_valid():
        try:
            person = (_invited if invites else _first_administrator)(request, token, form)
        except accounts.SetupLinkUnusable:
            return _link_unusable(request, accounts.look_at(token, timezone.now()))
        if person:
            return enter(request, person, "/")
    page = "accounts/invitation.html" if invites else "accounts/setup.html"
    return render(request, page, {"form": form, "link": link})


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    target = way_back(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form, status = LoginForm(request.POST or None), 200
    if form.is_valid():
        try:
            person = auth.authenticate(request, **form.cleaned_data)
        except LockedOutError as locked:
            form.add_error(None, try_again(locked.until, timezone.now()))
            status = 429
        else:
            if isinstance(person, Person):
                return enter(request, person, target)
            form.add_error(None, _("Name and password do not fit together. Check both, and caps lock."))
    context = {"form": form, "next": target, "logins": demo.LOGINS, "password": demo.PASSWORD}
    return render(request, "accounts/login.html", context, status=status)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("login")


def enter(request: HttpRequest, person: Person, target: str) -> HttpResponse:
    """Begin a session. One of somebody else in the same browser ends."""
    auth.login(request, person, backend=_BACKEND)
    response = HttpResponseRedirect(target)
    if person.language:
        remember_language(response, person.language)
    return response


def try_again(until: datetime, now: datetime) -> str:
    """When the door opens. Minutes, not a time of day: before the login nobody's clock is known."""
    minutes = max(1, -int((now - until).total_seconds() // 60))
    return ngettext(
        "Too many failed attempts. Try again in %(minutes)s minute.",
        "Too many failed attempts. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"minutes": minutes}


def _first_administrator(request: HttpRequest, token: str, form: InvitationForm) -> Person | None:
    """The person, or None with the reasons beside the fields."""
    values = form.cleaned_data
    try:
        return accounts.use_setup_link(
            token,
            values["username"],
            values["name"],
            values["password"],
            values["language"],
            timezone.now(),
            time_zone=values["time_zone"],
            origin=address_of(request),
        )
    except ValidationError as weak:
        form.add_error("password", weak)
    except accounts.NameTaken:
        form.add_error("username", _("Someone has this login name already. Choose another one."))
    except UnfitError as unfit:
        form.add_error(unfit.field, _("This holds signs that nobody can see, or is too long. Type it again."))
    return None


def _invited(request: HttpRequest, token: str, form: InvitationForm) -> Person | None:
    values, now = form.cleaned_data, timezone.now()
    zone, origin = values["time_zone"], address_of(request)
    try:
        return accounts.use_invitation(
            token, values["password"], values["language"], now, time_zone=zone, origin=origin
        )
    except ValidationError as weak:
        form.add_error("password", weak)
    return None


def _link_unusable(request: HttpRequest, link: Link) -> HttpResponse:
    return render(request, "accounts/link_unusable.html", {"state": link.state.name}, status=410)
