"""Set up once, log in, log out."""

from django.contrib import auth
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kairan.services import accounts
from kairan.store.models import Person
from kairan.web.accounts.forms import LoginForm, SetupForm
from kairan.web.preferences import remember_language, way_back
from kairan.web.security import public

_BACKEND = "kairan.web.accounts.backend.PasswordBackend"


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first administrator. Looking at the page does not use the link up."""
    if not accounts.setup_link_works(token):
        return _link_unusable(request)
    form = SetupForm(request.POST or None, initial={"language": translation.get_language()})
    if form.is_valid():
        try:
            person = _first_administrator(request, token, form)
        except accounts.SetupLinkUnusable:
            return _link_unusable(request)
        if person:
            return _enter(request, person, "/")
    return render(request, "accounts/setup.html", {"form": form})


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    target = way_back(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = LoginForm(request.POST or None)
    if form.is_valid():
        person = auth.authenticate(request, **form.cleaned_data)
        if isinstance(person, Person):
            return _enter(request, person, target)
        form.add_error(None, _("Name and password do not fit together. Check both, and caps lock."))
    context = {"form": form, "next": target}
    return render(request, "accounts/login.html", context)


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("login")


def _first_administrator(request: HttpRequest, token: str, form: SetupForm) -> Person | None:
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
            origin=request.META.get("REMOTE_ADDR", ""),
        )
    except ValidationError as weak:
        form.add_error("password", weak)
    except accounts.NameTaken:
        form.add_error("username", _("Someone has this login name already. Choose another one."))
    return None


def _enter(request: HttpRequest, person: Person, target: str) -> HttpResponse:
    auth.login(request, person, backend=_BACKEND)
    response = HttpResponseRedirect(target)
    if person.language:
        remember_language(response, person.language)
    return response


def _link_unusable(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/link_unusable.html", status=410)
