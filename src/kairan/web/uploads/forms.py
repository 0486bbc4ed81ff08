"""What a person says of the files they hand in, turned into the options of the upload service."""

import zoneinfo
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kairan.domain.asset import parse_asset
from kairan.domain.errors import ConfigError
from kairan.interfaces import registry
from kairan.web.uploads import complaints

_COMPLETE = {"complete": True, "partial": False}


class OptionsForm(forms.Form):
    """All of it may be left out: most reports say it themselves."""

    source = forms.ChoiceField(
        label=_("Source"),
        required=False,
        help_text=_("Needed only for reports that say nothing, such as [] or {}."),
    )
    asset = forms.CharField(
        label=_("Asset"),
        required=False,
        max_length=1_000,
        help_text=_("KIND:NAME, where the report does not say what it is about, or says it wrong: host:web-1"),
        widget=forms.TextInput(attrs={"placeholder": "KIND:NAME", "spellcheck": "false", "autocomplete": "off"}),
    )
    as_of = forms.DateTimeField(
        label=_("True as of"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    complete = forms.ChoiceField(
        label=_("Completeness"),
        required=False,
        choices=[
            ("", _("As the source defines it")),
            ("complete", _("It names everything there is: what it does not name is closed")),
            ("partial", _("It names only a part: nothing is closed")),
        ],
    )
    modified = forms.IntegerField(required=False, widget=forms.HiddenInput)  # by the script: the file's own time

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        kinds = sorted((source.title, kind) for kind, source in registry.sources().items())
        self.fields["source"].choices = [  # type: ignore[attr-defined]  # it is the ChoiceField above
            ("", _("Recognised by its content")),
            *((kind, title) for title, kind in kinds),
        ]
        help_text = _("For reports that carry no time of their own; in your time zone (%(zone)s).")
        self.fields["as_of"].help_text = help_text % {"zone": timezone.get_current_timezone_name()}

    def clean_asset(self) -> str:
        asset: str = self.cleaned_data["asset"]
        if asset:
            try:
                parse_asset(asset)
            except ConfigError as error:
                raise forms.ValidationError(complaints.said(error)) from None
        return asset

    def options(self) -> dict[str, object]:
        """As services.uploads takes them."""
        said = self.cleaned_data
        return {
            "source": said["source"] or None,
            "asset": said["asset"] or None,
            "as_of": said["as_of"],
            "complete": _COMPLETE.get(said["complete"]),
            "modified": _instant(said["modified"]),
        }


def _instant(milliseconds: int | None) -> datetime | None:
    """A file's time as browsers tell it; None where it is none that a report could be of."""
    if milliseconds is None or not 0 < milliseconds < 4_000_000_000_000:
        return None
    return min(datetime.fromtimestamp(milliseconds / 1000, zoneinfo.ZoneInfo("UTC")), timezone.now())
