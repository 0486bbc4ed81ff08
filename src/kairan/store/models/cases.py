"""Cases, their parts per team, what people decided, and which version of the configuration is in force."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from kairan.store.models.assets import Asset, Package
from kairan.store.models.people import Person, Team
from kairan.store.models.vulnerabilities import Vulnerability


class ConfigVersion(models.Model):
    """One `kairan.yaml` that was applied, with the files it names. The one with the greatest id is in force.

    `files` are path -> text as they were read; `config` is domain.config.Config as JSON, what processes read.
    """

    files = models.JSONField()
    config = models.JSONField()
    digest = models.BinaryField()
    applied_at = models.DateTimeField()
    applied_by = models.ForeignKey(Person, models.SET_NULL, null=True)
    actor = models.TextField()
    report = models.JSONField(default=dict)

    class Meta:
        db_table = "config_version"


class Owner(models.Model):
    """Which team a finding belongs to, by which ownership rule of the configuration. No row: nobody's, or not routed
    yet.

    Beside the finding, not in it: the finding's row and its many indexes stay untouched when owners change. `asset`,
    `is_open` and `severity` are the finding's when it was routed last: what `finding_tally` counts teams by.
    """

    finding = models.BigIntegerField(primary_key=True)
    team = models.ForeignKey(Team, models.PROTECT, db_constraint=False)
    rule = models.IntegerField()
    asset = models.BigIntegerField()
    is_open = models.BooleanField()
    severity = models.SmallIntegerField()

    class Meta:
        db_table = "owner"


class Unrouted(models.Model):
    """A finding that changed and has not been looked at by the rules since. Written with the change itself.

    `run` tells a source's first connection (the silent baseline) from later news.
    """

    finding = models.BigIntegerField()
    run = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "unrouted"


class Case(models.Model):
    """Findings that belong together by their rule's `group_by`. `C-<id>` outside.

    `group_key` is what they share, by row ids: "vulnerability:12", "asset:3", "fix:7@2.0.0", "control:12",
    "vulnerability:12/team:4". Back within 90 days the same case reopens; after that it is not `is_current` any more
    and a new one takes the key. `told_at` None: a silent baseline that was not released yet. `status` is the least
    advanced of its parts; `findings` how many are open in it. `also` are later rules that matched too: they add whom
    to tell. `words` are the title's (store.queries.vectors).
    """

    rule = models.TextField()
    also = ArrayField(models.TextField(), default=list)
    group_by = models.TextField()
    group_key = models.TextField()
    vulnerability = models.ForeignKey(Vulnerability, models.PROTECT, null=True, related_name="cases")
    package = models.ForeignKey(Package, models.PROTECT, null=True, related_name="cases", db_index=False)
    asset = models.ForeignKey(Asset, models.PROTECT, null=True, related_name="cases", db_index=False)
    title = models.TextField()
    words = SearchVectorField(null=True)
    state = models.TextField()
    status = models.TextField()
    severity = models.SmallIntegerField()
    findings = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    reopened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    openings = models.IntegerField(default=1)
    told_at = models.DateTimeField(null=True)
    is_current = models.BooleanField(default=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", db_index=False)

    class Meta:
        db_table = "cases"
        constraints = [
            models.UniqueConstraint("group_key", name="case_once", condition=Q(is_current=True)),
        ]
        indexes = [
            models.Index(F("severity").desc(), "opened_at", "id", name="case_worst", condition=Q(state="open")),
            models.Index(F("severity").desc(), "opened_at", "id", name="case_any_worst"),
            models.Index("state", F("updated_at").desc(), F("id").desc(), name="case_updated"),
            models.Index("status", F("severity").desc(), "opened_at", "id", name="case_status"),
            models.Index("opened_at", "id", name="case_untold", condition=Q(told_at=None, state="open")),
            models.Index("rule", "id", name="case_rule"),
            GinIndex("also", name="case_also"),
            GinIndex("words", name="case_words"),
        ]


class CasePart(models.Model):
    """What one team has to do with a case: `team` None is nobody's yet.

    `relook` says why the part needs another look ("expired", "fix_known", "exploited", "still_seen", "joined"), ""
    when it does not. `findings` is how many are open in it. `decision` is the one in force.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="parts")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="parts", db_index=False)
    status = models.TextField()
    status_since = models.DateTimeField()
    relook = models.TextField(default="")
    severity = models.SmallIntegerField()
    findings = models.IntegerField(default=0)
    opened_at = models.DateTimeField()
    claimed_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    decision = models.ForeignKey("Decision", models.SET_NULL, null=True, related_name="+", db_index=False)
    until_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    reminders = models.IntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "case_part"
        constraints = [models.UniqueConstraint("case", "team", name="case_part_once", nulls_distinct=False)]
        indexes = [
            models.Index("status", F("severity").desc(), "opened_at", "id", name="case_part_status"),
            models.Index("team", "status", F("severity").desc(), "opened_at", "id", name="case_part_team"),
            models.Index(
                "status",
                F("severity").desc(),
                "opened_at",
                "id",
                name="case_part_unowned",
                condition=Q(team__isnull=True),
            ),
            models.Index("status_since", "id", name="case_part_relook", condition=~Q(relook="")),
            models.Index("until_at", "id", name="case_part_until", condition=Q(until_at__isnull=False)),
            models.Index("due_at", "id", name="case_part_due", condition=Q(due_at__isnull=False)),
        ]


class CaseFinding(models.Model):
    """A finding's place in a case. In at most one at a time: `left_at` None. Closed findings stay until they are
    folded, regrouped or handed over."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="links", db_index=False, db_constraint=False)
    part = models.ForeignKey(CasePart, models.CASCADE, related_name="links", db_index=False, db_constraint=False)
    finding = models.BigIntegerField()
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "case_finding"
        constraints = [models.UniqueConstraint("finding", name="case_finding_once", condition=Q(left_at=None))]
        indexes = [
            models.Index("case", "finding", name="case_finding_case"),
            models.Index("part", "finding", name="case_finding_part"),
        ]


class Decision(models.Model):
    """What somebody decided of a part, and why. Append-only but for its `state`.

    `state`: waiting (for an approver), effective, refused (by the approver), undone, replaced, ended (its terms are
    over). `until` is domain.triage.Until or ""; `evidence` a list of {"link": url} or {"file": key, "name", "size",
    "type"}; `before` the part's status, relook and decision before it, for undo; `batch` joins those of one bulk
    action.
    """

    part = models.ForeignKey(CasePart, models.CASCADE, related_name="decisions")
    status = models.TextField()
    justification = models.TextField(default="")
    reason = models.TextField(default="")
    until = models.TextField(default="")
    until_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    evidence = models.JSONField(default=list)
    state = models.TextField()
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="decisions")
    actor = models.TextField()
    decided_at = models.DateTimeField()
    approver = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    batch = models.UUIDField(null=True)
    before = models.JSONField(default=dict)

    class Meta:
        db_table = "decision"
        indexes = [
            models.Index("decided_at", "id", name="decision_waiting", condition=Q(state="waiting")),
            models.Index("batch", name="decision_batch", condition=Q(batch__isnull=False)),
        ]


class CaseEvent(models.Model):
    """What happened to a case: code and parameters, rendered in the reader's language. A comment's text is a parameter.

    `at` is when it happened in the world, `recorded_at` when Kairan learned it; `actor` "" is Kairan itself.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="events", db_index=False)
    part = models.ForeignKey(CasePart, models.SET_NULL, null=True, related_name="+", db_index=False)
    code = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.TextField(default="")
    params = models.JSONField(default=dict)

    class Meta:
        db_table = "case_event"
        indexes = [
            models.Index("case", "at", "id", name="case_event_case"),
            models.Index("recorded_at", "id", name="case_event_time"),
        ]


class CaseWatcher(models.Model):
    case = models.ForeignKey(Case, models.CASCADE, related_name="watchers")
    person = models.ForeignKey(Person, models.CASCADE, related_name="watched")

    class Meta:
        db_table = "case_watcher"
        constraints = [models.UniqueConstraint("case", "person", name="case_watcher_once")]


class BulkDecision(models.Model):
    """One decision over all parts that match: counted first, done by the worker, each refusal kept with its reason.

    `query` is the list's address (its filters); `parts` the ids it meant when it was counted; `done` of them are
    through; `refused` a list of [part, code, params]. `undo_*`: who takes it back, who need not be who decided.
    """

    batch = models.UUIDField(unique=True)
    person = models.ForeignKey(Person, models.SET_NULL, null=True)
    actor = models.TextField()
    origin = models.TextField(default="")
    query = models.TextField(default="")
    params = models.JSONField()
    parts = ArrayField(models.BigIntegerField())
    done = models.IntegerField(default=0)
    refused = models.JSONField(default=list)
    state = models.TextField(default="waiting")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undo_person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    undo_actor = models.TextField(default="")
    undo_origin = models.TextField(default="")

    class Meta:
        db_table = "bulk_decision"
