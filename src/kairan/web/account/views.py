"""A person's own page: name, language, time zone, password, API tokens."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import auth, messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kairan.domain.rights import Right
from kairan.services import profile, tokens
from kairan.services.lockout import LockedOutError
from kairan.services.names import UnfitError
from kairan.services.profile import WrongPasswordError
from kairan.services.tokens import NoSuchTokenError, TokenRefusedError
from kairan.web.account.forms import LIFETIMES, PasswordForm, ProfileForm, TokenForm, zones
from kairan.web.accounts.views import try_again
from kairan.web.address import address_of
from kairan.web.preferences import remember_language
from kairan.web.reader import reader
from kairan.web.security import needs

_Forms = dict[str, Any]
_Deed = Callable[[HttpRequest, _Forms], HttpResponse | None]


@needs(Right.SEE)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """All about the reader. `do` says which of its forms was sent."""
    person = reader(request)
    zone_language = {"language": person.language or translation.get_language(), "time_zone": person.time_zone}
    context: _Forms = {
        "profile": ProfileForm(initial={"name": person.name, "email": person.email} | zone_language),
        "password": PasswordForm(auto_id="id_password_%s"),
        "token_form": TokenForm(auto_id="id_token_%s", initial={"lifetime": "90"}),
        "zones": zones(),
        "rules": password_validators_help_texts(),
    }
    if request.method == "POST":
        deed = _DEEDS.get(request.POST.get("do", ""))
        if deed is None:
            raise BadRequest("nothing known is asked for")
        if answer := deed(request, context):
            return answer
    now = timezone.now()
    context["tokens"] = [(token, token.works(now)) for token in tokens.of_person(person.pk)]
    return render(request, "account/mine.html", context)


def _describe(request: HttpRequest, context: _Forms) -> HttpResponse | None:
    form = context["profile"] = ProfileForm(request.POST)
    if not form.is_valid():
        return None
    try:
        profile.describe(reader(request).pk, **form.cleaned_data, now=timezone.now(), origin=address_of(request))
    except UnfitError as unfit:
        form.add_error(unfit.field, _("This holds signs that nobody can see, or is too long. Type it again."))
        return None
    language = form.cleaned_data["language"]
    with translation.override(language):
        messages.success(request, _("Saved."))
    response = redirect("account")
    remember_language(response, language)
    return response


def _change_password(request: HttpRequest, context: _Forms) -> HttpResponse | None:
    form = context["password"] = PasswordForm(request.POST, auto_id="id_password_%s")
    if not form.is_valid():
        return None
    old, new, now = form.cleaned_data["old"], form.cleaned_data["password"], timezone.now()
    try:
        person = profile.change_password(reader(request).pk, old, new, now, address_of(request))
    except WrongPasswordError:
        form.add_error("old", _("This is not your current password."))
    except LockedOutError as locked:
        form.add_error(None, try_again(locked.until, now))
    except ValidationError as weak:
        form.add_error("password", weak)
    else:
        auth.update_session_auth_hash(request, person)  # this session goes on; all others were bound to the old one
        messages.success(request, _("The password was changed. Everywhere else you are logged out."))
        return redirect("account")
    return None


def _make_token(request: HttpRequest, context: _Forms) -> HttpResponse | None:
    """The answer itself shows the token: nowhere is it kept where it could be shown again."""
    form = TokenForm(request.POST, auto_id="id_token_%s")
    if form.is_valid():
        now, said = timezone.now(), form.cleaned_data
        lifetime = LIFETIMES[said["lifetime"]]
        until = now + lifetime if lifetime else None
        try:
            secret, _number = tokens.create(
                reader(request).pk, said["name"], said["scope"], until, now, address_of(request)
            )
        except TokenRefusedError:
            form.add_error("name", _("This holds signs that nobody can see, or is too long. Type it again."))
        else:
            context["secret"] = secret
            return None
    context["token_form"] = form
    return None


def _revoke(request: HttpRequest, context: _Forms) -> HttpResponse | None:
    number = request.POST.get("token", "")
    if number not in {str(token.id) for token in tokens.of_person(reader(request).pk)}:
        raise BadRequest("no such token")
    try:
        tokens.revoke(reader(request).pk, int(number), timezone.now(), address_of(request))
    except NoSuchTokenError:
        raise BadRequest("no such token") from None
    messages.success(request, _("The token no longer works."))
    return redirect("account")


_DEEDS: Mapping[str, _Deed] = {
    "profile": _describe,
    "password": _change_password,
    "token": _make_token,
    "revoke": _revoke,
}
