"""Use case: a person's own page in a chat: the open parts of their teams, and what they may do with each."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from kairan.domain.home import Home, Mine, Standing
from kairan.domain.message import ActionOffer
from kairan.domain.rights import Right
from kairan.domain.triage import ACTIVE, DECIDED, Status, moves
from kairan.services import configuration, may
from kairan.services.actor import Actor
from kairan.services.clickers import Clicker
from kairan.store.models import Person, Team
from kairan.store.queries import inbox
from kairan.store.queries.inbox import Item, Section, Whose

_MOST = 50


def home_of(who: Clicker, now: datetime) -> Home:
    """Of whoever is nobody here: how they get known."""
    email, actor = who.someone.email, who.actor
    if who.someone.is_outsider:
        return Home(Standing.OUTSIDER)
    if not may.is_allowed(actor, Right.SEE):
        return Home(Standing.GUEST if who.someone.is_guest else Standing.UNKNOWN, email=email)
    teams = sorted({*may.teams_of(actor), *actor.answers_for})
    is_all = not teams and may.is_allowed(actor, Right.DECIDE)
    whose = Whose(teams=None if is_all else teams)
    found = inbox.open_parts(whose, size=_MOST) if teams or is_all else Section((), 0)
    names = dict(Team.objects.filter(pk__in=teams).values_list("key", "name"))
    answerable = _answerable(actor, teams)
    return Home(
        Standing.KNOWN,
        parts=tuple(_mine(each, actor, answerable) for each in found.items),
        total=min(found.total, inbox.MOST_COUNTED),
        at_least=found.total > inbox.MOST_COUNTED,
        teams=tuple(sorted(name or key for key, name in names.items())),
        is_all=is_all,
        address=_all(list(names)),
        email=email,
        time_zone=_zone(actor.person),
        now=now,
    )


def _answerable(actor: Actor, teams: Sequence[int]) -> frozenset[str] | None:
    """The keys of the teams that they may answer for; None: any."""
    if may.is_allowed(actor, Right.DECIDE):
        return None
    allowed = [team for team in teams if may.is_allowed(actor, Right.ANSWER, team)]
    return frozenset(Team.objects.filter(pk__in=allowed).values_list("key", flat=True))


def _mine(item: Item, actor: Actor, answerable: frozenset[str] | None) -> Mine:
    may_answer = answerable is None or item.team in answerable
    return Mine(
        item.case,
        configuration.active().link(f"/cases/C-{item.case}/"),
        f"{item.vulnerability} {item.title}" if item.vulnerability not in item.title else item.title,
        item.severity.word,
        item.status,
        item.relook,
        item.name or item.team,
        item.findings,
        item.due_at,
        item.claimed_by,
        tuple(_offers(item)) if may_answer else (),
    )


def _offers(item: Item) -> list[ActionOffer]:
    status = Status(item.status)
    codes = ["claim"] if status in ACTIVE and not item.claimed_by else []
    codes += ["decide"] if {*DECIDED, Status.ACTION_NEEDED} & moves(status) else []
    return [ActionOffer(code, item.case, item.id) for code in codes]


def _all(teams: Sequence[str]) -> str:
    """Where Kairan's pages show them all."""
    address = configuration.active().address.rstrip("/")
    if not address:
        return ""
    asked = "&".join(f"team={quote(key)}" for key in sorted(teams))
    return f"{address}/cases/?{asked}" if asked else f"{address}/cases/"


def _zone(person: int | None) -> str:
    name = Person.objects.filter(pk=person).values_list("time_zone", flat=True).first() if person else None
    return name or configuration.active().time_zone
