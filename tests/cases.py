"""Cases made row by row, as routing makes them: for tests of what people do with them."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from kairan.domain.rights import Role
from kairan.domain.severity import Severity
from kairan.services.actor import Actor

NOW = datetime.fromisoformat("2026-07-03T12:00:00+00:00")
_numbers = itertools.count(1)


def team(key: str, *people: Any) -> Any:
    """A team with these people."""
    from kairan.store.models import Team, TeamMember

    made, _ = Team.objects.get_or_create(key=key, defaults={"name": key.title()})
    for person in people:
        TeamMember.objects.get_or_create(team=made, person=person)
    return made


def someone(role: str = Role.MEMBER, name: str = "") -> Any:
    from kairan.store.models import Person

    made = Person(username=name or f"{role}-{next(_numbers)}", role=role, created_at=NOW, language="en")
    made.set_unusable_password()
    made.save()
    return made


def actor(person: Any, origin: str = "test") -> Actor:
    return Actor(person.username, person.pk, origin)


def case(*teams: Any, findings: Sequence[Any] = (), **said: Any) -> Any:
    """An open case with a part for each of the teams (None: nobody's). Findings go to the first part."""
    from kairan.store.connection import raw_cursor
    from kairan.store.models import Case, CaseEvent, CaseFinding, CasePart
    from kairan.store.queries.vectors import vector

    number = next(_numbers)
    vulnerability = findings[0].vulnerability if findings else None
    severity = said.pop("severity", Severity.HIGH)
    status = said.pop("status", "new")
    opened_at = said.pop("opened_at", NOW - timedelta(hours=number))
    part_said = said.pop("part", {})
    made = Case.objects.create(
        **{
            "rule": "urgent",
            "group_by": "vulnerability",
            "group_key": f"vulnerability:{number}",
            "vulnerability": vulnerability,
            "title": f"Case number {number}",
            "state": "open",
            "status": status,
            "severity": severity,
            "findings": len(findings),
            "opened_at": opened_at,
            "updated_at": opened_at,
            "told_at": opened_at,
        }
        | said
    )
    raw_cursor().execute("UPDATE cases SET words = %s::tsvector WHERE id = %s", (vector(made.title), made.pk))
    for at, each in enumerate(teams or (None,)):
        part = CasePart.objects.create(
            **{
                "case": made,
                "team": each,
                "status": status,
                "status_since": opened_at,
                "severity": severity,
                "findings": len(findings) if not at else 0,
                "opened_at": opened_at,
                "told_at": opened_at,
            }
            | part_said
        )
        for finding in findings if not at else ():
            CaseFinding.objects.create(case=made, part=part, finding=finding.pk, joined_at=opened_at)
    CaseEvent.objects.create(
        case=made, code="opened", at=opened_at, recorded_at=opened_at, params={"findings": len(findings)}
    )
    return made


def part(made: Any, key: str | None = None) -> Any:
    """The case's part of a team; its first one."""
    found = made.parts.order_by("pk")
    return found.get(team__key=key) if key else found[0]
