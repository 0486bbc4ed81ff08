"""The list's state, read from and written to the address: filters, order, the place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from kairan.domain.severity import Severity
from kairan.domain.triage import State, Status
from kairan.store.queries import inbox
from kairan.store.queries.case_filter import Filter
from kairan.store.queries.case_list import Sort

ANY = "any"
_LONGEST = 200
_SEVERITIES = {severity.word: severity for severity in Severity}
DAYS = {"overdue": 0, "3d": 3, "7d": 7, "14d": 14, "30d": 30}
MARKS = ("relook", "approval", "untold", "watching", "mine", "ours")


@dataclass(frozen=True, slots=True)
class Address:
    """`state` "any" shows all; without one it is what is open. `marks` are those of MARKS that are asked for; `section`
    one of the inbox's."""

    state: str = State.OPEN
    status: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    team: str = ""
    rule: str = ""
    text: str = ""
    due: str = ""
    ends: str = ""
    section: str = ""
    marks: tuple[str, ...] = ()
    sort: Sort = Sort.SEVERITY
    after: str = ""
    before: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """What has to be said: what goes without saying is left out."""
        said = {
            "state": self.state if self.state != State.OPEN else "",
            "status": ",".join(self.status),
            "severity": ",".join(self.severity),
            "team": self.team,
            "rule": self.rule,
            "text": self.text,
            "due": self.due,
            "ends": self.ends,
            "section": self.section,
            **dict.fromkeys(self.marks, "yes"),
            "sort": self.sort.value if self.sort != Sort.SEVERITY else "",
            "after": self.after,
            "before": self.before,
        }
        return {name: value for name, value in said.items() if value}

    @property
    def filters(self) -> Mapping[str, str]:
        """What narrows the list: for hidden fields, and for whoever wants it without."""
        return {name: value for name, value in self.parameters.items() if name not in {"sort", "after", "before"}}

    @property
    def is_narrow(self) -> bool:
        return bool(self.filters)

    def link(self, page: str = "cases", /, **changes: Any) -> str:
        """The address with changes, on its first page unless they name another."""
        changed = replace(self, **({"after": "", "before": ""} | changes))
        said = urlencode(changed.parameters)
        return reverse(page) + (f"?{said}" if said else "")

    def without(self, name: str) -> str:
        """The list without one of its filters."""
        if name in MARKS:
            return self.link(marks=tuple(mark for mark in self.marks if mark != name))
        default = next(field.default for field in fields(Address) if field.name == name)
        return self.link(**{name: ANY if name == "state" else default})

    def filter(self, now: datetime, person: int, teams: Sequence[int]) -> Filter:
        """What the store is asked. `person` reads, and is in `teams`."""
        return Filter(
            state="" if self.state == ANY else self.state,
            status=self.status,
            severity=tuple(_SEVERITIES[word] for word in self.severity),
            team=self.team,
            rule=self.rule,
            text=self.text,
            due_before=now + timedelta(days=DAYS[self.due]) if self.due else None,
            ends_before=now + timedelta(days=DAYS[self.ends]) if self.ends else None,
            claimed_by=person if "mine" in self.marks else None,
            teams=tuple(teams) if "ours" in self.marks else None,
            section=(self.section, now) if self.section else None,
            watcher=person if "watching" in self.marks else None,
            untold="untold" in self.marks,
            relook="relook" in self.marks,
            approval="approval" in self.marks,
        )


def read(parameters: QueryDict) -> Address:
    """What an address asks for. What cannot be understood asks for nothing."""
    state, sort = parameters.get("state", ""), parameters.get("sort", "")
    return Address(
        state=state if state in {*State, ANY} else State.OPEN,
        status=_known(parameters, "status", frozenset(Status)),
        severity=_known(parameters, "severity", frozenset(_SEVERITIES)),
        team=_line(parameters.get("team", "")),
        rule=_line(parameters.get("rule", "")),
        text=_line(parameters.get("text", "")),
        due=parameters.get("due", "") if parameters.get("due", "") in DAYS else "",
        ends=parameters.get("ends", "") if parameters.get("ends", "") in DAYS else "",
        section=parameters.get("section", "") if parameters.get("section", "") in inbox.SECTIONS else "",
        marks=tuple(mark for mark in MARKS if parameters.get(mark) == "yes"),
        sort=Sort(sort) if sort in set(Sort) else Sort.SEVERITY,
        after=parameters.get("after", "")[:100],
        before=parameters.get("before", "")[:100],
    )


def is_understood(parameters: QueryDict) -> bool:
    """Does the address that is read say all that these parameters do? Where much hangs on it, a part is not enough."""
    read_back = read(parameters)
    return all(
        values == [""] or set(",".join(values).split(",")) == set(_said(read_back, name).split(","))
        for name, values in parameters.lists()
    )


def _said(address: Address, name: str) -> str:
    """A filter as the address says it, even where it goes without saying; "" for what is none."""
    return address.state if name == "state" else address.filters.get(name, "")


def _known(parameters: QueryDict, name: str, known: frozenset[str]) -> tuple[str, ...]:
    """`status=a,b` as links write it, `status=a&status=b` as a form does; each once, in the field's own order."""
    said = {word for text in parameters.getlist(name) for word in text.split(",")}
    return tuple(word for word in (*Status, *_SEVERITIES) if word in said and word in known)


def _line(text: str) -> str:
    return text.replace("\0", " ").encode(errors="replace").decode()[:_LONGEST].strip()
