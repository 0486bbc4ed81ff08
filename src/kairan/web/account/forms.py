"""What people fill in about themselves."""

from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kairan.domain.rights import TokenScope
from kairan.services.names import LONGEST
from kairan.services.tokens import LONGEST_NAME
from kairan.web import words
from kairan.web.accounts.forms import PASSWORD_ROOM, PasswordPairForm

LIFETIMES = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365), "": None}


@cache
def zones() -> list[str]:
    """The zones that people live in; old names and `Etc/...` count, too, but are not offered."""
    places = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return ["UTC", *sorted(zone for zone in available_timezones() if zone.startswith(places))]


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Type a city, for example Tokyo, and choose. All times are shown by this clock."),
    )

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            raise forms.ValidationError(
                _("There is no such time zone. Choose one of the list, for example Asia/Tokyo.")
            )
        return zone


class PasswordForm(PasswordPairForm):
    old = forms.CharField(
        label=_("Current password"),
        max_length=PASSWORD_ROOM,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("New password")
        self.fields["again"].label = _("New password, once more")


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What will use it"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("A name by which you know it again, for example: nightly export."),
    )
    scope = forms.ChoiceField(
        label=_("It may"), choices=[(scope.value, words.TOKEN_SCOPE[scope]) for scope in TokenScope]
    )
    lifetime = forms.ChoiceField(
        label=_("Works for"),
        required=False,
        choices=[("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")), ("", _("until it is revoked"))],
    )
