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
    "sbom": _("Bill of materials"),
    "application": _("Application"),
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
PERSON: Mapping[str, str | Promise] = {
    "active": pgettext_lazy("person", "Active"),
    "invited": pgettext_lazy("person", "Invited"),
    "disabled": pgettext_lazy("person", "Disabled"),
}
TOKEN_SCOPE: Mapping[str, str | Promise] = {
    "read": pgettext_lazy("token", "Read"),
    "write": pgettext_lazy("token", "Read and change"),
}
BY_WAY_OF: Mapping[str, str | Promise] = {"link": _("a one-time link"), "oneself": _("the old password")}
YES_NO: Mapping[str, str | Promise] = {"True": _("yes"), "False": _("no")}
# What the audit says was done, and the fields it says it of.
ACTION: Mapping[str, str | Promise] = {
    "alias.restore": _("Took a withdrawal of an alias back"),
    "alias.withdraw": _("Withdrew an alias"),
    "case.approve": _("Approved a decision"),
    "case.approve.refused": _("Tried to approve a decision, without the right"),
    "case.ask": _("Asked those who triage"),
    "case.ask.refused": _("Tried to ask for a team, without the right"),
    "case.bulk": _("Began to decide for many"),
    "case.bulk.refused": _("Tried to decide for many, without the right"),
    "case.bulk_undo": _("Took a decision for many back"),
    "case.bulk_undo.refused": _("Tried to take a decision for many back, without the right"),
    "case.claim": _("Takes care of a case's part"),
    "case.claim.refused": _("Tried to take care of a case's part, without the right"),
    "case.comment": _("Commented on a case"),
    "case.comment.refused": _("Tried to comment on a case, without the right"),
    "case.decide": _("Decided of a case's part"),
    "case.decide.refused": _("Tried to decide of a case's part, without the right"),
    "case.due": _("Changed a due date"),
    "case.due.refused": _("Tried to change a due date, without the right"),
    "case.raise": _("Opened a case from a message"),
    "case.raise.refused": _("Tried to open a case from a message, without the right"),
    "case.refuse": _("Refused a decision"),
    "case.refuse.refused": _("Tried to refuse a decision, without the right"),
    "case.unclaim": _("No longer takes care of a case's part"),
    "case.unclaim.refused": _("Tried to lift another's claim, without the right"),
    "case.undo": _("Took a decision back"),
    "case.undo.refused": _("Tried to take a decision back, without the right"),
    "case.unwatch": _("Stopped watching a case"),
    "case.unwatch.refused": _("Tried to stop watching a case, without the right"),
    "case.watch": _("Watches a case"),
    "case.watch.refused": _("Tried to watch a case, without the right"),
    "evidence.add.refused": _("Tried to put a file beside a decision, without the right"),
    "demo.found": _("Made a demo"),
    "demo.next_day": _("Moved the demo's time on"),
    "delivery.is_not_there": _("Said of a delivery that it is not there"),
    "delivery.is_there": _("Said of a delivery that it is there"),
    "delivery.replay": _("Had a refused delivery sent again"),
    "destination.pause": _("Paused a destination"),
    "destination.replay": _("Had refused deliveries sent again"),
    "destination.resume": _("Let a destination go on"),
    "destination.test": _("Tested a destination"),
    "held.close": _("Closed what was held"),
    "held.keep": _("Kept open what was held"),
    "login.locked": _("Was locked out after failed logins"),
    "person.create": _("Made an account"),
    "person.disable": _("Disabled an account"),
    "person.enable": _("Enabled an account"),
    "person.password": _("Set a password"),
    "person.reset": _("Reset a password"),
    "person.role": _("Changed a role"),
    "person.settings": _("Changed their own settings"),
    "person.unlock": _("Lifted a lockout"),
    "replay.ask": _("Asked for a replay"),
    "token.create": _("Made an API token"),
    "token.revoke": _("Revoked an API token"),
    "upload.add": _("Uploaded a report"),
    "upload.read_again": _("Had an upload read again"),
    "view.delete": _("Deleted a shared view"),
    "view.rename": _("Renamed a shared view"),
    "view.share": _("Shared a view with everyone"),
    "view.unshare": _("Took a shared view back for themselves"),
}
AUDITED: Mapping[str, str | Promise] = {
    "as_of": _("As of"),
    "asset": _("Asset"),
    "assertions": pgettext_lazy("audit", "Statements"),
    "complete": pgettext_lazy("audit", "Names all there is"),
    "modified": pgettext_lazy("audit", "File changed"),
    "options": _("Options"),
    "query": pgettext_lazy("audit", "Query"),
    "replay": _("Replay"),
    "shared": _("Everyone sees it"),
    "size": pgettext_lazy("audit", "Size in bytes"),
    "source": _("Source"),
    "active": pgettext_lazy("audit", "May log in"),
    "by": pgettext_lazy("audit", "By way of"),
    "days": _("Days"),
    "email": _("E-mail"),
    "expires_at": _("Expires"),
    "failures": _("Failed attempts"),
    "language": _("Language"),
    "name": _("Name"),
    "person": _("Person"),
    "played": _("Days played"),
    "role": _("Role"),
    "scope": _("Scope"),
    "sightings": _("Sightings"),
    "state": _("State"),
    "time_zone": _("Time zone"),
    "until": _("Until"),
    "username": _("Login name"),
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

# Why a raw record cannot be shown.
RAW: Mapping[str, str | Promise] = {
    "not_archived": _("The report it came from was not archived, or is no longer kept."),
    "unreadable": _("The archived report cannot be read any more."),
    "too_large": _("The report is too large to look one record up in it here."),
    "too_slow": _("Looking it up took too long and was given up. Try again later."),
    "not_found": _("The newest archived reports of this scope do not hold it."),
    "busy": _("Somebody else is looking a record up. Try again in a moment."),
}
# How two ids came to be one, or did not.
ALIAS: Mapping[str, str | Promise] = {
    "followed": _("followed"),
    "disputed": _("disputed, not followed"),
    "withdrawn": _("withdrawn by a person"),
}
# What was read, and what became of it.
TRIGGER: Mapping[str, str | Promise] = {
    "import": _("Command line"),
    "upload": _("Upload"),
    "replay": _("Replay"),
}
RUN_STATE: Mapping[str, str | Promise] = {
    "running": pgettext_lazy("run", "Running"),
    "done": pgettext_lazy("run", "Done"),
    "failed": pgettext_lazy("run", "Failed"),
}
UPLOAD_STATE: Mapping[str, str | Promise] = {
    "waiting": pgettext_lazy("upload", "Waiting"),
    "reading": pgettext_lazy("upload", "Being read"),
    "done": pgettext_lazy("upload", "Read"),
    "failed": pgettext_lazy("upload", "Failed"),
}
OUTCOME: Mapping[str, str | Promise] = {
    "opened": pgettext_lazy("outcome", "Opened"),
    "reopened": pgettext_lazy("outcome", "Opened again"),
    "changed": pgettext_lazy("outcome", "Changed"),
    "unchanged": pgettext_lazy("outcome", "Unchanged"),
    "closed": pgettext_lazy("outcome", "Reported closed"),
    "merged": pgettext_lazy("outcome", "Folded into another"),
    "rejected": pgettext_lazy("outcome", "Rejected"),
    "fixed": pgettext_lazy("outcome", "Closed by absence"),
    "held": pgettext_lazy("outcome", "Held for a person"),
}
HELD_REASON: Mapping[str, str | Promise] = {
    "no_evidence": _("The report shows no sign that it looked: it names no package and no target of this kind."),
    "large_share": _("More than half of what was open is missing, though the artifact is the same as before."),
}
HELD_STATE: Mapping[str, str | Promise] = {
    "waiting": pgettext_lazy("held", "Waits for a person"),
    "closed": pgettext_lazy("held", "Closed"),
    "kept": pgettext_lazy("held", "Kept open"),
    "replaced": pgettext_lazy("held", "Replaced by a newer report"),
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
