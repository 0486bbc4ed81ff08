"""May somebody do this? Asked of the person in the database, never of what a request, button or payload says."""

from kairan.domain.errors import ForbiddenError
from kairan.domain.rights import Right, Role, greatest, may
from kairan.services.actor import Actor
from kairan.store.models import Person, TeamMember

_COMMAND_LINE = Actor("").origin


def role_of(actor: Actor) -> str:
    """The role they have now; "" for nobody, for the disabled, and for whoever only claims to be someone.

    Who types on Kairan's own machine is an administrator: they could write into the database as well.
    """
    if actor.person is None:
        return Role.ADMINISTRATOR if actor.origin == _COMMAND_LINE else ""
    role = Person.objects.filter(pk=actor.person, is_active=True).values_list("role", flat=True).first()
    return greatest(role, actor.role) if role else ""


def is_allowed(actor: Actor, right: Right, team: int | None = None) -> bool:
    """`team` is whose part it is about: ANSWER is for one's own teams' parts; DECIDE includes it, for any part."""
    role = role_of(actor)
    if right != Right.ANSWER:
        return may(role, right)
    if may(role, Right.DECIDE) or (role and team in actor.answers_for):
        return True
    return may(role, right) and team is not None and _is_member(actor.person, team)


def check(actor: Actor, right: Right, team: int | None = None) -> None:
    """ForbiddenError for what they may not do; the use case writes the attempt into the audit log."""
    if not is_allowed(actor, right, team):
        whose = " for this team" if right == Right.ANSWER else ""
        raise ForbiddenError(f"{actor.name} may not: it needs the right {right.value}{whose}")


def teams_of(actor: Actor) -> list[int]:
    """The teams they are in."""
    return (
        list(TeamMember.objects.filter(person=actor.person).values_list("team_id", flat=True)) if actor.person else []
    )


def _is_member(person: int | None, team: int) -> bool:
    return person is not None and TeamMember.objects.filter(person=person, team=team).exists()
