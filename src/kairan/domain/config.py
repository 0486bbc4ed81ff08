"""`kairan.yaml` as values: what a company told Kairan of itself. Read, checked and stored by services.config.

Everything here is as it is after the file was checked: names resolve, queries parse, times of day are times. Field
names are the file's keys. The struct types make the JSON Schema that editors use (`kairan config schema`), so each
field's meaning stands here.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

GroupBy = Literal["vulnerability", "fix", "control", "asset", "vulnerability-team"]
Audience = Literal["psirt", "teams"]
SEVERITIES = ("critical", "high", "medium", "low")

Key = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64, description="A short name: a-z, 0-9, . _ -")
]
Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*[mhdw]$", description="30m, 12h, 7d or 2w")]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM")]
Cron = Annotated[str, Meta(description="Minute hour day month weekday, in the reader's time zone: '0 9 * * 1'")]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Unknown keys are mistakes, and said as such."""


class Channel(Struct, frozen=True):
    """A place within a destination: a Slack channel, a Jira project, an address. `name` is what people call it."""

    id: str
    name: str = ""


class Team(Struct, frozen=True):
    """A team: who is in it (login names or e-mail addresses), where it is told, in which language and time zone."""

    key: Key
    name: str = ""
    members: tuple[str, ...] = ()
    language: Literal["", "en", "ja"] = ""
    time_zone: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)  # destination's name -> channel


class Ownership(Struct, frozen=True):
    """What fits all given keys belongs to `team`; the first entry that fits wins. Lists hold alternatives; `*` is any
    text.

    `codeowners` is a CODEOWNERS file (path beside this one) of `repository`; `owners` says which team stands behind
    its names ("@acme/web": web).
    https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    """

    team: str = ""
    query: str = ""
    repository: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    namespace: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    resource_group: tuple[str, ...] = ()
    tag: dict[str, str] = field(default_factory=dict)
    codeowners: str = ""
    owners: dict[str, str] = field(default_factory=dict)


class Remind(Struct, frozen=True):
    """A team that has not answered is reminded in its thread `after` it was told, then `every` so often, at most
    `times`."""

    after: Duration = "3d"
    every: Duration = "3d"
    times: Annotated[int, Meta(ge=0, le=50)] = 3


class Escalate(Struct, frozen=True):
    """Whom to tell when a team has still not answered `after` it was told: a channel of a destination."""

    to: str
    channel: Channel
    after: Duration = "7d"


class QuietHours(Struct, frozen=True):
    """Nothing is posted between these times of day, in the reader's time zone; it waits. `begin` may be later than
    `end`."""

    begin: TimeOfDay
    end: TimeOfDay
    weekends: bool = False  # Saturday and Sunday are quiet too


class Tell(Struct, frozen=True):
    """Who is told by a rule: `to` is a destination's name; the PSIRT's channel of it, or each affected team's.

    At once, or gathered into a digest at the `digest` times. `ceiling`: messages an hour into one channel; what is
    over it is rolled up into one message. `form`: the triage form below the PSIRT's post.
    """

    to: str
    audience: Audience = "teams"
    channel: Channel | None = None  # psirt only: another channel than the destination's own
    digest: Cron = ""
    quiet_hours: QuietHours | None = None
    ceiling: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    form: bool = False


class Rule(Struct, frozen=True):
    """What opens a case and whom it tells. The first rule whose `when` fits an open finding opens; later ones add
    whom to tell.

    `approve` are decisions that need an approver who is not the author. `reopen_within`: back within this time it is
    the same case.
    """

    name: Key
    when: str = ""
    group_by: GroupBy = "vulnerability"
    tell: tuple[Tell, ...] = ()
    remind: Remind | None = None
    escalate: Escalate | None = None
    approve: tuple[Literal["risk_accepted", "deferred", "not_affected", "false_positive"], ...] = ()
    reopen_within: Duration = "90d"


class StartPost(Struct, frozen=True):
    """A post that starts a round: by a workflow, an app or a person (`by`, as the destination knows it: a Slack bot's
    id B…, an app's A…, a workflow's Wf…, a person's U…), holding `text`; in `channel`, the PSIRT's if none is named.
    """

    by: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{2,63}$")]
    channel: Channel | None = None
    text: str = ""


class Start(Struct, frozen=True):
    """Posts of new cases wait for the next round, and are told together: `at` these times, in Kairan's time zone, or
    when `post` appears. Should that never come, `at_latest` so long after there was something to tell."""

    at: Cron = ""
    post: StartPost | None = None
    at_latest: Duration = "26h"


class Destination(Struct, frozen=True):
    """A place where people are told. `settings` are its kind's own (its README); secrets are references.

    `channel` is the PSIRT's. `rate` seconds between two messages into one channel, if not the kind's own.
    `shared_channels` are channels with outsiders that may be told nevertheless, by id.
    """

    name: Key
    kind: str
    channel: Channel | None = None
    language: Literal["", "en", "ja"] = ""
    settings: dict[str, object] = field(default_factory=dict)
    shared_channels: tuple[str, ...] = ()
    start: Start | None = None


class Source(Struct, frozen=True):
    """A place findings come from. `settings` are its kind's own; secrets are references. `every` or `at`: when."""

    name: Key
    kind: str
    settings: dict[str, object] = field(default_factory=dict)
    at: Cron = ""
    baseline: Literal["silent", "tell"] = "silent"


class Repository(Struct, frozen=True):
    """The Dependabot article's entry: a repository and the Slack channel of those who look after it."""

    name: str
    notify_channel: str
    notify_channel_id: str


class Links(Struct, frozen=True):
    """Addresses of a SIEM. `{ghsaId}` `{cve}` `{from}` `{to}` are filled in, URL-quoted; shown behind short labels."""

    siem_discover: str = ""
    siem_dashboard: str = ""


class Baseline(Struct, frozen=True):
    """A source's first connection is silent; what it found is told in slices of `slice` cases, the worst first, `at`
    these times."""

    slice: Annotated[int, Meta(ge=1, le=1_000)] = 10
    at: Cron = "0 10 * * 1-5"


class Sla(Struct, frozen=True):
    """How long a team has, by severity. Empty: no due date."""

    critical: Duration | Literal[""] = "7d"
    high: Duration | Literal[""] = "30d"
    medium: Duration | Literal[""] = "90d"
    low: Duration | Literal[""] = ""


class Config(Struct, frozen=True):
    """The whole file. All of it is optional: an empty file shows everything and tells the preview."""

    owner: str = ""  # the GitHub organisation of repositories that are named without one
    language: Literal["en", "ja"] = "en"
    time_zone: str = "UTC"
    address: str = ""  # https://kairan.example.com: the links in messages begin with it
    psirt: tuple[str, ...] = ()  # people who triage, by login name or e-mail address
    teams: tuple[Team, ...] = ()
    ownership: tuple[Ownership, ...] = ()
    repositories: tuple[Repository, ...] = ()
    rules: tuple[Rule, ...] | None = None
    destinations: tuple[Destination, ...] = ()
    sources: tuple[Source, ...] = ()
    links: Links = Links()
    sla: Sla = Sla()
    baseline: Baseline = Baseline()

    def link(self, path: str) -> str:
        """Where people outside Kairan's pages find one of them; "" as long as its address is not configured."""
        return self.address.rstrip("/") + path if self.address else ""


PREVIEW = Destination(name="preview", kind="preview", channel=Channel("psirt", "psirt"))
TOLD_BY_DEFAULT = (Tell(to="preview", audience="psirt", form=True), Tell(to="preview"))
DEFAULT_RULE = Rule(name="urgent", when="severity:>=high", tell=TOLD_BY_DEFAULT, remind=Remind())
