"""A short torture of deliveries for CI: workers killed at any moment, and everything told exactly once."""

import pytest

from tests.torture.told import Deliveries

SEED = 20261121
pytestmark = pytest.mark.slow


def test_deliveries_are_told_once_whoever_is_killed() -> None:
    torture = Deliveries(25, SEED)
    tally = torture.run()
    print(tally, torture, sep="\n")
    assert tally.failures == []
    assert tally.hit["deliveries"] >= 2, "the kills met nothing being sent: this tests nothing"
    assert torture.people["merged"] >= 3, "no cases became one: that is not tested"
    assert torture.people["config.apply"] >= 2, "no configuration was applied: that is not tested"
