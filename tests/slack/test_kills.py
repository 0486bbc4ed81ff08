"""The rounds of killing that CI plays."""

import pytest

from tests.slack.kills import Kills


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_25_rounds_of_killing() -> None:
    played = Kills(25).run()
    assert played.failures == []
    assert played.met["kill"] >= 5
    assert played.met["acknowledged"] >= 20, "the rounds were too rough to prove anything"
