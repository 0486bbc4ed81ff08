"""The end state does not depend on the order in which reports are imported.

What holds, and is asserted here:

- Always: the same findings are open with the same severity, and watermarks are the same.
- The whole store is the same (every finding and sighting with all dates, reasons, versions, occurrences).

Not compared: events, which tell what Kairan learned when; and `changed_at`, which is bookkeeping.
"""

import itertools
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports import day, record, report, take
from tests.stores import Rows

pytestmark = pytest.mark.usefixtures("store")
See = Callable[..., dict[str, Rows]]
VIEWS = ("findings", "sightings", "scopes", "names")


@pytest.fixture
def testapp(corpus: Path) -> list[bytes]:
    return [(corpus / "trivy" / f"ts-testapp-0.0.{number}.json").read_bytes() for number in (1, 2, 3)]


@pytest.mark.corpus
def test_three_versions_of_one_image_in_every_order_end_the_same(
    testapp: list[bytes], emptied: Callable[[], None], seen: See
) -> None:
    stores = []
    for order in itertools.permutations(testapp):
        emptied()
        take(*order)
        stores.append(seen(*VIEWS))
    assert len(stores[0]["findings"]) > 300
    assert not any(finding[1] for finding in stores[0]["findings"])
    assert all(each == stores[0] for each in stores)


@pytest.mark.corpus
def test_reading_everything_again_after_any_order_changes_nothing(
    testapp: list[bytes], emptied: Callable[[], None], seen: See
) -> None:
    for order in itertools.permutations(testapp):
        emptied()
        take(*order)
        before = seen()
        again = take(*order, *reversed(order))
        assert seen() == before
        assert (again.outcomes["opened"], again.outcomes["reopened"], again.outcomes["changed"]) == (0, 0, 0)


# --- any history


RECORDS = st.builds(
    record,
    st.sampled_from(["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"]),
    st.sampled_from(["openssl", "curl"]),
    installed=st.sampled_from(["1.0", "1.1"]),
    severity=st.sampled_from(["LOW", "HIGH"]),
    path=st.sampled_from(["", "a.jar", "b.jar"]),
)
TAGS = st.sampled_from(["shop:1.0", "shop:2.0", "cart:1.0"])


def histories(instants: "st.SearchStrategy[int]") -> "st.SearchStrategy[list[dict[str, Any]]]":
    one = st.builds(
        lambda entries, at, image: report(*entries, at=day(at), image=image),
        st.lists(RECORDS, max_size=5),
        instants,
        TAGS,
    )
    return st.lists(one, min_size=2, max_size=6)


SLOW = settings(
    max_examples=int(os.environ.get("KAIRAN_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def once_per_instant(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most one report of each image and instant."""
    kept = {(each["ArtifactName"].partition(":")[0], each["CreatedAt"]): each for each in history}
    return sorted(kept.values(), key=lambda each: each["CreatedAt"])


@pytest.mark.slow
@SLOW
@given(histories(st.integers(1, 6)), st.randoms(use_true_random=False))
def test_any_history_in_any_order_ends_in_the_same_store(
    emptied: Callable[[], None], seen: See, history: list[dict[str, Any]], dice: random.Random
) -> None:
    history = once_per_instant(history)
    emptied()
    take(*history)
    in_order = seen(*VIEWS)
    emptied()
    take(*dice.sample(history, len(history)))
    assert seen(*VIEWS) == in_order


@pytest.mark.slow
@SLOW
@given(histories(st.integers(1, 3)), st.randoms(use_true_random=False))
def test_reports_of_equal_instants_add_up_in_any_order(
    emptied: Callable[[], None], seen: See, history: list[dict[str, Any]], dice: random.Random
) -> None:
    emptied()
    take(*sorted(history, key=lambda each: each["CreatedAt"]))
    in_order = seen(*VIEWS)
    emptied()
    take(*dice.sample(history, len(history)))
    assert seen(*VIEWS) == in_order


@pytest.mark.slow
@SLOW
@given(histories(st.integers(1, 4)), st.randoms(use_true_random=False))
def test_a_history_read_twice_changes_nothing(
    emptied: Callable[[], None], seen: See, history: list[dict[str, Any]], dice: random.Random
) -> None:
    emptied()
    take(*history)
    before = seen()
    take(*dice.sample([touched(each) for each in history], len(history)))
    assert seen() == before


def touched(document: dict[str, Any]) -> bytes:
    """The same values in other bytes: the shortcut for known bytes does not help."""
    return json.dumps(document, indent=1).encode()
