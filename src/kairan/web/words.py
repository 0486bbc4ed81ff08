"""The field's words in the reader's language. A code nobody has translated yet is shown as it is, never hidden."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kairan.domain.severity import Severity

SEVERITY: Mapping[Severity, str | Promise] = {
    Severity.CRITICAL: _("Critical"),
    Severity.HIGH: _("High"),
    Severity.MEDIUM: _("Medium"),
    Severity.LOW: _("Low"),
    Severity.NONE: pgettext_lazy("severity", "None"),
    Severity.UNKNOWN: pgettext_lazy("severity", "Unknown"),
}
KIND: Mapping[str, str | Promise] = {
    "vulnerability": _("Vulnerability"),
    "misconfiguration": _("Misconfiguration"),
    "secret": _("Exposed secret"),
    "license": _("Licence"),
    "other": _("Other"),
}
ASSET: Mapping[str, str | Promise] = {
    "image": _("Container image"),
    "image_archive": _("Image archive"),
    "repository": _("Repository"),
    "host": _("Host"),
    "host_group": _("Host group"),
    "filesystem": _("File system"),
    "vm_image": _("Machine image"),
    "cluster": _("Cluster"),
    "workload": _("Workload"),
    "aws_account": _("AWS account"),
    "cloud_resource": _("Cloud resource"),
}
STATUS: Mapping[str, str | Promise] = {
    "affected": _("Affected, no fix named"),
    "fixed": _("Fix released"),
    "under_investigation": _("Being investigated by the vendor"),
    "will_not_fix": _("The vendor will not fix it"),
    "fix_deferred": _("The vendor puts the fix off"),
    "end_of_life": _("No longer supported by the vendor"),
    "not_affected": _("Not affected"),
    "unknown": pgettext_lazy("status", "Unknown"),
}
# One word for a pill.
ENDED: Mapping[str, str | Promise] = {
    "reported_fixed": pgettext_lazy("state", "Fixed"),
    "absent": pgettext_lazy("state", "Fixed"),
    "asset_gone": _("Asset gone"),
    "superseded": _("Superseded"),
    "merged": _("Merged"),
    "closed_by_person": _("Closed by hand"),
    "suppressed": _("Suppressed"),
}
# A sentence.
END_REASON: Mapping[str, str | Promise] = {
    "reported_fixed": _("The source reports it as fixed."),
    "absent": _("A complete report no longer names it."),
    "asset_gone": _("The asset is gone."),
    "superseded": _("Another sighting of the same source took its place."),
    "merged": _("It became part of another finding."),
    "closed_by_person": _("A person closed it."),
    "suppressed": _("The source says that it does not apply here (VEX or ignore file)."),
}
ROLE: Mapping[str, str | Promise] = {
    "viewer": _("Viewer"),
    "member": _("Team member"),
    "triager": _("Triager"),
    "approver": _("Approver"),
    "administrator": _("Administrator"),
}
# What occurrences and events are made of.
PLACE: Mapping[str, str | Promise] = {
    "path": _("Path"),
    "tag": _("Tag"),
    "digest": _("Digest"),
    "layer": _("Layer"),
    "diff_id": _("Layer, unpacked"),
    "start_line": _("From line"),
    "end_line": _("To line"),
    "installed": _("Installed version"),
    "fixed": _("Fixed version"),
    "severity": _("Severity"),
    "status": _("Status"),
    "reason": _("Reason"),
    "scope": _("Scope"),
    "package": _("Package"),
    "finding": _("Finding"),
    "message": _("Message"),
    "provider": _("Provider"),
    "service": _("Service"),
    "category": _("Category"),
    "title": _("Title"),
    "confidence": _("Confidence"),
    "link": _("Link"),
    "workload": _("Workload"),
    "vendor_ids": _("The vendor's ids"),
    "url": _("Address"),
    "number": _("Number"),
    "state": _("State as reported"),
    "relationship": _("Relationship"),
    "dismissed": _("Dismissed"),
    "fixed_at": _("Fixed on"),
    "created_at": _("Reported on"),
    "resource": _("Resource"),
    "architecture": _("Architecture"),
    "region": _("Region"),
    "account": _("Account"),
    "tags": _("Tags"),
    "namespace": _("Namespace"),
    "cluster": _("Cluster"),
    "kind": _("Kind of resource"),
    "name": _("Name"),
    "container": _("Container"),
    "description": _("Description"),
    "instance": _("Instance"),
    "repository": _("Repository"),
    "vex": _("VEX statement"),
}


def severity_word(severity: int) -> str:
    return str(SEVERITY[Severity(severity)])


def word(table: Mapping[str, str | Promise], code: str) -> str:
    """The word for a code, or the code itself."""
    return str(table.get(code, code))


def state_word(is_open: bool, reason: str) -> str:
    if is_open:
        return str(pgettext_lazy("state", "Open"))
    return str(ENDED.get(reason) or pgettext_lazy("state", "Closed"))
