"""What the query's keys ask for, in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KEY: Mapping[str, str | Promise] = {
    "is": _("state or kind"),
    "severity": _("how bad"),
    "exploit": _("exploit code is known"),
    "id": _("any id of the vulnerability"),
    "cve": _("a CVE id"),
    "package": _("package name"),
    "ecosystem": _("package type"),
    "asset": _("any name of the asset"),
    "asset-kind": _("what kind of asset"),
    "repo": _("repository, owner/name"),
    "image": _("container image"),
    "instance": _("instance id"),
    "account": _("cloud account"),
    "region": _("cloud region"),
    "cluster": _("Kubernetes cluster"),
    "namespace": _("Kubernetes namespace"),
    "source": _("who reports it"),
    "team": _("who owns it"),
    "scope": _("dependency scope"),
    "path": _("manifest or file"),
    "fixed": _("a fixed version is known"),
    "first-seen": _("when it was first seen"),
    "closed": _("when it closed"),
}
_PERIOD: Mapping[str, str | Promise] = {
    "<1d": _("in the last 24 hours"),
    "<7d": _("in the last 7 days"),
    "<30d": _("in the last 30 days"),
    ">30d": _("more than 30 days ago"),
    ">90d": _("more than 90 days ago"),
    ">1y": _("more than a year ago"),
}


def key_help(name: str) -> str:
    return str(KEY.get(name, ""))


def period_help(text: str) -> str:
    return str(_PERIOD.get(text, ""))
