"""Groups of findings: from the roll-up and from the findings themselves they say the same."""

from collections import Counter
from dataclasses import replace

import pytest

from kairan.domain.query import matches, parse
from kairan.store.connection import raw_cursor
from kairan.store.queries import search
from kairan.store.queries.counting import count_by
from kairan.store.queries.grouping import By, Cursor, groups
from tests.reports import NOW
from tests.store.facts import facts
from tests.store.test_facets import ROLLED_UP, fill, selection

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("query", [*ROLLED_UP, "severity:none"])
@pytest.mark.parametrize("by", [By.ASSET, By.PACKAGE, By.TEAM])
def test_the_roll_up_groups_as_the_findings_do(query: str, by: By) -> None:
    fill()
    selected = selection(query)
    assert selected.tallied
    rolled_up = groups(selected, by, size=50)
    looked_at = groups(replace(selected, tallied=None), by, size=50)
    assert rolled_up.groups == looked_at.groups
    if query == "":
        assert rolled_up.groups


@pytest.mark.parametrize("query", ["is:open", "is:open package:openssl", "team:shop", "is:unowned"])
def test_groups_of_teams_hold_what_their_lists_hold(query: str) -> None:
    fill()
    expected: Counter[str] = Counter()
    node = parse(query, NOW, NOW.tzinfo)  # type: ignore[arg-type]
    for each in facts(raw_cursor()).values():
        if matches(node, each):
            expected[next(iter(each.values["team"]), "")] += 1
    found = groups(search.select(node), By.TEAM, size=50)
    assert {group.key: group.number for group in found.groups} == expected
    assert {each.values[0] or "": each.count for each in count_by(search.select(node), ["team"])} == expected
    assert expected


def test_groups_of_teams_are_paged() -> None:
    fill()
    all_of_them = groups(selection("is:open"), By.TEAM, size=50).groups
    first = groups(selection("is:open"), By.TEAM, size=1)
    second = groups(selection("is:open"), By.TEAM, size=1, after=Cursor.parse(str(first.after), By.TEAM))
    assert [*first.groups, *second.groups] == all_of_them[:2]
    assert Cursor.parse(str(first.after), By.ASSET) is None
