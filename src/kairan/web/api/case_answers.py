"""What the API answers about cases, and what it takes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from kairan.domain.advice import LONGEST
from kairan.domain.triage import Justification, State, Status, Until
from kairan.services.bulk import MOST
from kairan.services.choice import LONGEST_TEXT, MOST_EVIDENCE, Choice, Evidence
from kairan.web.api.fields import Answer, CaseId, FindingId, Instant, Listed, Number, SeverityWord, Text

StatusWord = Annotated[str, Field(json_schema_extra={"enum": list(Status)})]
StateWord = Annotated[str, Field(json_schema_extra={"enum": list(State)})]
Said = Annotated[Text, Field(max_length=LONGEST_TEXT)]


class PartOfRow(Answer):
    """What one team has to do with a case. `team` is a key; empty: nobody's."""

    id: int
    team: str = Field(examples=["web"])
    status: StatusWord = Field(examples=["action_needed"])
    relook: str = Field(description="Why it needs another look; empty: it does not.", examples=[""])
    claimed_by: str
    due_at: Instant | None
    findings: int


class CaseRow(Answer):
    id: CaseId
    title: str
    severity: SeverityWord
    state: StateWord
    status: StatusWord = Field(description="The least advanced of its parts.", examples=["new"])
    findings: int = Field(description="How many are open in it.")
    rule: str = Field(examples=["urgent"])
    vulnerability: str
    opened_at: Instant
    updated_at: Instant
    parts: Sequence[PartOfRow]


class Cases(Listed):
    items: Sequence[CaseRow]


class CaseDecision(Answer):
    """`state`: waiting (for an approver), effective, refused, undone, replaced, ended."""

    id: int
    status: StatusWord = Field(examples=["not_affected"])
    justification: str
    reason: str
    until: str
    until_at: Instant | None
    evidence: Sequence[Mapping[str, Any]] = Field(examples=[[{"link": "https://example.com/proof"}]])
    state: str = Field(examples=["effective"])
    by: str
    decided_at: Instant
    approver: str
    approved_at: Instant | None


class CasePart(Answer):
    id: int
    team: str = Field(validation_alias="key", examples=["web"])
    status: StatusWord = Field(examples=["action_needed"])
    status_since: Instant
    relook: str
    severity: SeverityWord
    findings: int
    claimed_by: str = Field(validation_alias="claimer")
    due_at: Instant | None
    until_at: Instant | None
    decisions: Sequence[CaseDecision] = Field(description="The newest 20, the newest first.")


class CaseFinding(Answer):
    id: FindingId
    part: int
    severity: SeverityWord
    is_open: bool
    vulnerability: str = Field(validation_alias="primary_id")
    asset: str
    package: str
    installed: str
    fixed: str


class Case(Answer):
    """All about one case: of each part at most 50 findings."""

    id: CaseId
    title: str
    severity: SeverityWord
    state: StateWord
    status: StatusWord = Field(examples=["new"])
    rule: str
    also: Sequence[str] = Field(description="Later rules that fit too.")
    group_by: str = Field(examples=["vulnerability"])
    vulnerability: str = Field(validation_alias="identifier")
    open_findings: int
    opened_at: Instant
    reopened_at: Instant | None
    closed_at: Instant | None
    updated_at: Instant
    told_at: Instant | None = Field(description="null: a silent baseline that was not released yet.")
    parts: Sequence[CasePart]
    findings: Sequence[CaseFinding]


class CaseEvent(Answer):
    """Something that happened to the case. `params` depend on `code`; `by` empty: Kairan itself."""

    code: str = Field(examples=["decided"])
    at: Instant
    recorded_at: Instant
    by: str
    part: int | None
    params: Mapping[str, Any]


class CaseEvents(Answer):
    """The newest 300, the newest first."""

    items: Sequence[CaseEvent]


class Decided(Answer):
    decision: int
    part: int
    case: CaseId
    state: str = Field(description="effective, or waiting for an approver.", examples=["effective"])


class EvidenceLink(Answer):
    model_config = ConfigDict(extra="forbid")

    link: Text = Field(max_length=2_000, examples=["https://example.com/proof"])


class DecisionSaid(Answer):
    """`not_affected` needs a `justification`; `risk_accepted` a `reason` and an end; `deferred` an end."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"status": "deferred", "until": "fix", "reason": "Q3"}]}
    )

    status: Literal[
        "new",
        "triaging",
        "action_needed",
        "fix_claimed",
        "waiting_for_verification",
        "deferred",
        "risk_accepted",
        "not_affected",
        "false_positive",
    ]
    justification: Justification | Literal[""] = ""
    reason: Said = ""
    until: Until | Literal[""] = Field("", description="What ends it: a date, a fix, known exploitation.")
    until_at: AwareDatetime | None = None
    due_at: AwareDatetime | None = None
    evidence: Sequence[EvidenceLink] = Field((), max_length=MOST_EVIDENCE)

    @property
    def choice(self) -> Choice:
        evidence = tuple(Evidence(link=each.link) for each in self.evidence)
        return Choice(self.status, self.justification, self.reason, self.until, self.until_at, self.due_at, evidence)


class TextSaid(Answer):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "What about staging?"}]})

    text: Said = Field(min_length=1)


class MessageSaid(Answer):
    """What is written to the teams of these parts, below the case's post in each one's channel."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parts": [1], "text": "Please update it to version 2.0.0."}]}
    )

    parts: Sequence[Number] = Field(min_length=1, max_length=500)
    text: Annotated[Text, Field(min_length=1, max_length=LONGEST)]


class MessageSent(Answer):
    """`again`: teams that got this very text within the hour and are not told twice."""

    teams: Sequence[str] = Field(examples=[["Web"]])
    again: Sequence[str] = Field(examples=[[]])


class TicketMade(Answer):
    """`outcome`: ticket (it is on its way), ticket_previewed (no destination makes tickets yet: it is only drawn in
    the preview), ticket_before (there is one: `url`)."""

    outcome: str = Field(examples=["ticket_previewed"])
    destination: str = Field(examples=["preview"])
    url: str = Field(examples=[""])


class NoteSaid(Answer):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "agreed"}]})

    note: Said = ""


class DueSaid(Answer):
    """`null` takes the date away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"due_at": "2027-01-29T15:00:00Z"}]})

    due_at: AwareDatetime | None


class Nothing(Answer):
    """An empty object: there is nothing more to say."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})


class Done(Answer):
    done: bool = True


class BulkSaid(Answer):
    """One decision for many parts of cases. The worker takes it; ask for its progress."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"parts": [1, 2], "decision": {"status": "deferred", "until": "fix"}}]},
    )

    parts: Sequence[Number] = Field(min_length=1, max_length=MOST)
    decision: DecisionSaid


class Bulk(Answer):
    """`refused`: each `[part, code, more]`. `state`: waiting, running, done, undoing, undone."""

    id: int
    state: str = Field(examples=["running"])
    total: int
    done: int
    refused: Sequence[Sequence[Any]] = Field(examples=[[[12, "not_allowed", {}]]])
    created_at: Instant
    finished_at: Instant | None
    undone_at: Instant | None
