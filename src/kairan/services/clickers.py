"""Who pressed a button in a destination, as a person of Kairan's; and what their channels let them do right now.

A person is known by the e-mail address that the destination attests. People of other companies are nobody; guests are
who their own account says, whatever channels they were let into. Where
`psirt` of the configuration names nobody (the Dependabot article's file alone), members of the PSIRT's channel may
triage; where a team names no members, those of its channel answer for it. Such people get a row of their own, by which
their deeds can be told: it may look, and no more.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from kairan.domain.config import Config, Destination
from kairan.domain.rights import Role
from kairan.interfaces.conversation import Conversation, Someone
from kairan.services.actor import Actor
from kairan.services.names import UnfitError, fit_email, fit_line, fit_username
from kairan.store.connection import raw_cursor
from kairan.store.models import Person, Team
from kairan.store.queries.audit import add_audit

FRESH = 300.0  # seconds that we remember who somebody is; not what they may do
LANGUAGES = frozenset({"en", "ja"})
_MOST = 10_000
_known: dict[tuple[str, str], tuple[float, Someone]] = {}


@dataclass(frozen=True, slots=True)
class Clicker:
    """`language` is the person's: here, else in the destination; else the destination's own."""

    actor: Actor
    language: str
    someone: Someone


def clicker(
    talk: Conversation, config: Config, destination: Destination, who: str, channel: str, now: datetime
) -> Clicker:
    """Who it is. Nobody, with no right at all, if the destination or the database does not know them."""
    someone = _someone(talk, destination.name, who)
    origin = f"{destination.kind} {destination.name}"
    theirs = someone.language if someone.language in LANGUAGES else ""
    language = theirs or destination.language or config.language
    nobody = Clicker(Actor(someone.name, None, origin), language, someone)
    if someone.is_outsider or not someone.email:
        return nobody
    grant = _Grant(talk, config, destination, who, channel)
    found = list(Person.objects.filter(email__iexact=someone.email)[:2])
    if len(found) > 1:  # who of them it is cannot be told
        return nobody
    is_granted = not someone.is_guest and (not found or found[0].is_active)
    role, teams = (grant.role(), grant.teams()) if is_granted else ("", frozenset[int]())
    person = found[0] if found else _made(someone, origin, now) if role or teams else None
    if person is None:
        return nobody
    actor = Actor(person.name or person.username, person.pk, origin, role, teams)
    return Clicker(actor, person.language or language, someone)


@dataclass(frozen=True, slots=True)
class _Grant:
    """What channels give whom: asked anew each time, for people come and go."""

    talk: Conversation
    config: Config
    destination: Destination
    who: str
    channel: str

    def role(self) -> str:
        if self.config.psirt:
            return ""
        is_one = any(self.talk.is_member(self.who, each) for each in self._psirt_channels())
        return Role.TRIAGER if is_one else ""

    def teams(self) -> frozenset[int]:
        """The teams whose channel it was pressed in, if the configuration names none of their members; where it was
        pressed in none (the person's own page), those of all their channels."""
        name = self.destination.name
        vouching = [team for team in self.config.teams if not team.members and team.channels.get(name)]
        if self.channel:
            vouching = [team for team in vouching if team.channels[name].id == self.channel]
        if not vouching:
            return frozenset()
        theirs = self._channels()
        keys = [team.key for team in vouching if team.channels[name].id in theirs]
        return frozenset(Team.objects.filter(key__in=keys).values_list("pk", flat=True))

    def _channels(self) -> frozenset[str]:
        """Of the channels in question, those that the person is in."""
        if self.channel:
            return frozenset({self.channel} if self.talk.is_member(self.who, self.channel) else ())
        return self.talk.channels_of(self.who)

    def _psirt_channels(self) -> Iterator[str]:
        """Only the destination's own: a rule may tell another channel without letting it decide."""
        if self.destination.channel:
            yield self.destination.channel.id


def _someone(talk: Conversation, destination: str, who: str) -> Someone:
    at, someone = _known.get((destination, who), (0.0, None))
    if someone is None or time.monotonic() - at > FRESH:
        someone = talk.someone(who)
        if len(_known) >= _MOST:
            _known.clear()
        _known[destination, who] = (time.monotonic(), someone)
    return someone


def forget() -> None:
    """Ask again who everybody is."""
    _known.clear()


def _made(someone: Someone, origin: str, now: datetime) -> Person | None:
    """A row for someone whom only a channel vouches for. None: they cannot be called by their address."""
    try:
        username, email = fit_username(someone.email), fit_email(someone.email)
        name = fit_line("name", someone.name)
    except UnfitError:
        return None
    person = Person(username=username, name=name, email=email, role=Role.VIEWER, created_at=now)
    person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
            said = {"username": username, "name": name, "email": email, "role": Role.VIEWER.value}
            subject = f"person:{person.pk}"
            add_audit(raw_cursor(), now, name, "person.create", subject, None, said, person=person.pk, origin=origin)
    except IntegrityError:  # someone else logs in by this address, or another press was faster
        return Person.objects.filter(username__iexact=username, email__iexact=email, is_active=True).first()
    return person
