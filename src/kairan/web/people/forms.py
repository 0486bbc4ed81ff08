"""What an administrator fills in about people."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kairan.domain.rights import Role
from kairan.services.names import LONGEST
from kairan.web import words

ROLES = [(role.value, words.ROLE[role]) for role in Role]


class InviteForm(forms.Form):
    username = forms.CharField(
        label=_("Login name"),
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("What they type to log in. Upper and lower case make no difference."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As their colleagues know them."),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=ROLES, help_text=_("Each role may do what the ones above it in this list may.")
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
