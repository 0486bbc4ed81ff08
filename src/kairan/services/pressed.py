"""What somebody pressed, with the case it is about as it is now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from kairan.domain.answer import Answer, Said
from kairan.domain.errors import ForbiddenError, IllegalTransition, KairanError
from kairan.domain.message import Action, Part
from kairan.services import configuration
from kairan.services.actor import Actor
from kairan.services.attempts import NoSuchCaseError
from kairan.store.connection import raw_cursor
from kairan.store.models import Person
from kairan.store.queries import case_facts, case_pressed


class EnteredError(KairanError):
    """A form's field holds what cannot be read: which, and what is wrong, by code."""

    def __init__(self, field: str, code: str) -> None:
        self.field, self.code = field, code
        super().__init__(f"{field}: {code}")


@dataclass(frozen=True, slots=True)
class Pressed:
    """`parts` are all of the case; `case` the one it is today, if it was folded into another."""

    action: Action
    actor: Actor
    now: datetime
    case: int
    title: str
    state: str
    case_status: str
    parts: Sequence[Part]
    teams: dict[int, int | None]
    zone: ZoneInfo

    @classmethod
    def found(cls, action: Action, actor: Actor, now: datetime) -> "Pressed | None":
        """None: there is no such case."""
        cursor = raw_cursor()
        case = case_pressed.current(cursor, action.case)
        head = case_facts.head(cursor, case) if case else None
        if head is None:
            return None
        rows = case_facts.parts(cursor, head.id)
        parts = [Part(row.id, row.team, row.name or row.team, row.status, row.findings) for row in rows]
        teams = case_pressed.teams(cursor, head.id)
        return cls(action, actor, now, head.id, head.title, head.state, head.status, parts, teams, _zone(actor.person))

    @property
    def is_form(self) -> bool:
        """Was a form sent, rather than the button pressed that asks for one?"""
        return bool(self.action.values.get("submitted"))

    @property
    def about(self) -> Sequence[Part]:
        """The part that the button is of, or all. NoSuchCaseError if that part is of this case no longer."""
        if self.action.part is None:
            return self.parts
        mine = [part for part in self.parts if part.number == self.action.part]
        if not mine:
            raise NoSuchCaseError(f"C-{self.case} has no part {self.action.part}")
        return mine

    @property
    def chosen(self) -> Sequence[Part]:
        """Of a form that is about the case: the parts that were chosen in it. EnteredError if none was."""
        if self.action.part is not None:
            return self.about
        wanted = set(self.several("teams"))
        parts = [part for part in self.parts if str(part.number) in wanted]
        if not parts:
            raise EnteredError("teams", "no_team")
        return parts

    @property
    def status(self) -> str:
        """Of the part it is about; of the case where it is about all."""
        mine = [part.status for part in self.parts if part.number == self.action.part]
        return mine[0] if mine else self.case_status

    @property
    def team(self) -> int | None:
        return self.teams.get(self.action.part) if self.action.part is not None else None

    def text(self, name: str) -> str:
        value = self.action.values.get(name)
        return value.strip() if isinstance(value, str) else ""

    def several(self, name: str) -> list[str]:
        value = self.action.values.get(name)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

    def date(self, name: str) -> datetime | None:
        """The end of a day in the person's zone. EnteredError for what is no date."""
        text = self.text(name)
        if not text:
            return None
        try:
            return datetime.combine(date.fromisoformat(text), time(23, 59), self.zone)
        except ValueError:
            raise EnteredError(name, "not_a_date") from None

    def each(self, parts: Sequence[Part], said: Said, deed: Callable[[int], object], **more: object) -> Answer:
        """Do it to each part, in a transaction of its own. Some refused: they are named. All: the first one's error."""
        done: list[str] = []
        refused: dict[str, str] = {}
        first: KairanError | None = None
        for part in parts:
            try:
                deed(part.number)
                done.append(part.name)
            except (ForbiddenError, IllegalTransition, NoSuchCaseError) as error:
                first = first or error
                refused[part.name] = part.status
        if first and not done:
            raise first
        if refused:
            return Answer(Said.PARTLY, {"teams": done, "refused": refused, **more})
        return Answer(said, {"teams": done, **more})


def _zone(person: int | None) -> ZoneInfo:
    """Where the person is; the company's zone for whoever is nobody in particular."""
    name = Person.objects.filter(pk=person).values_list("time_zone", flat=True).first() if person else None
    return ZoneInfo(name or configuration.active().time_zone)
