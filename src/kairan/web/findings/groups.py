"""Groups as the list shows them: each leads to its findings."""

from dataclasses import dataclass
from typing import Any

from kairan.domain.query.terms import with_term, written
from kairan.store.queries import teams
from kairan.store.queries.findings import Selection
from kairan.store.queries.grouping import By, Cursor, Group, groups
from kairan.web.findings.address import Address
from kairan.web.findings.asking import Asked


@dataclass(frozen=True, slots=True)
class Line:
    """A group, and the list of its findings."""

    group: Group
    address: str


def grouped(address: Address, asked: Asked, selected: Selection, size: int) -> dict[str, Any]:
    """What the template asks for. By team only where there are teams."""
    by = By(address.by)
    if by is By.TEAM and not teams.current():
        return {}
    found = groups(
        selected, by, size=size, after=Cursor.parse(address.after, by), before=Cursor.parse(address.before, by)
    )
    return {
        "groups": found,
        "lines": [Line(group, _findings(address, asked, by, group)) for group in found.groups],
        "past_the_end": address.after and not found.groups,
        "first_page": address.link(),
        "newer": address.link(before=found.before) if found.before else "",
        "older": address.link(after=found.after) if found.after else "",
        "without_package": address.link(text=with_term(asked.terms, "-package:*"), by="") if by is By.PACKAGE else "",
    }


def _findings(address: Address, asked: Asked, by: By, group: Group) -> str:
    """Of an asset about: a query names assets by what people call them, and two of a kind may share a name."""
    there = {term.text for term in asked.terms}
    wanted = [written(key, [value]) for key, value in _asks(by, group)]
    missing = [term for term in wanted if term not in there]
    return address.link(text=with_term(asked.terms, " ".join(missing or wanted[-1:])), by="")


def _asks(by: By, group: Group) -> list[tuple[str, str]]:
    match by:
        case By.VULNERABILITY:
            return [("id", group.key)]
        case By.ASSET:
            return [("asset-kind", group.kind), ("asset", group.key)]
        case By.PACKAGE:
            return [("package", group.key)]
        case By.TEAM:
            return [("team", group.key)] if group.key else [("is", "unowned")]
