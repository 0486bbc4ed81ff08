"""Two CVE ids never become one vulnerability: such unions are recorded and not made, in whatever order they come."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairan.domain.vulnerability import Assertion, derive_groups, is_cve
from tests.reports import osv, record, report, take
from tests.stores import Rows

See = Callable[..., dict[str, Rows]]
CVE, GHSA, GO = "CVE-2026-1111", "GHSA-aaaa-bbbb-cccc", "GO-2026-0001"


def findings() -> Any:
    from kairan.store.models import Finding

    return Finding.objects.filter(merged_into=None).order_by("id")


def groups() -> dict[str, frozenset[str]]:
    """The partition, as the rows have it."""
    from kairan.store.models import Identifier

    found: dict[int, set[str]] = {}
    for value, row in Identifier.objects.values_list("value", "vulnerability_id"):
        found.setdefault(row, set()).add(value)
    return {value: frozenset(each) for each in found.values() for value in each}


@pytest.mark.usefixtures("sound_store")
def test_a_union_of_two_cves_is_recorded_and_not_made() -> None:
    from kairan.store.models import AliasAssertion

    other = "CVE-2026-2222"
    take(report(record(CVE), record(other), record(GHSA)))
    take(osv(GHSA, CVE), osv(GO, GHSA, other))
    assert groups()[CVE] != groups()[other]
    assert AliasAssertion.objects.filter(disputed=True).exists()
    assert findings().count() == 2


IDS = ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003", "GHSA-aaaa-aaaa-aaaa", "GHSA-bbbb-bbbb-bbbb", "GO-2026-0001"]
ASSERTIONS = st.lists(
    st.builds(Assertion.between, st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from(["osv", "trivy"])),
    max_size=10,
)


@given(ASSERTIONS, st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_of_assertions(assertions: list[Assertion], dice: random.Random) -> None:
    grouping = derive_groups(IDS, assertions)
    assert derive_groups(dice.sample(IDS, len(IDS)), dice.sample(assertions, len(assertions))) == grouping


@given(ASSERTIONS)
def test_no_group_holds_two_cves_and_no_undisputed_assertion_is_ignored(assertions: list[Assertion]) -> None:
    grouping = derive_groups(IDS, assertions)
    cves = [grouping.group_of[value] for value in IDS if is_cve(value)]
    assert len(cves) == len(set(cves))
    for each in set(assertions) - grouping.disputed:
        assert grouping.group_of[each.left] == grouping.group_of[each.right]
    for each in grouping.disputed:
        assert grouping.group_of[each.left] != grouping.group_of[each.right]


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(ASSERTIONS, st.randoms(use_true_random=False))
def test_the_stored_groups_are_those_derived_whatever_the_order(
    store: None, emptied: Callable[[], None], seen: See, assertions: list[Assertion], dice: random.Random
) -> None:
    documents = [osv(each.left, each.right) for each in assertions if each.left != each.right]
    scan = report(*(record(value) for value in IDS))
    stores = []
    for _ in range(2):
        emptied()
        order = dice.sample([*documents, scan], len(documents) + 1)
        take(*order)
        stores.append(seen("findings", "sightings", "assertions"))
    assert stores[0] == stores[1]
    said = [Assertion.between(each.left, each.right, "osv") for each in assertions if each.left != each.right]
    derived = derive_groups(IDS, said).group_of
    stored = groups()
    for one in IDS:
        assert stored[one] == frozenset(value for value in IDS if derived[value] == derived[one])
