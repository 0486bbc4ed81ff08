"""A short, seeded torture for CI; `make torture` is the long one (docs/explanation/torture.md)."""

from tests.torture.rounds import Rounds

ROUNDS, SEED = 25, 20261121


def test_kills_at_any_moment_leave_a_sound_store_that_can_be_completed() -> None:
    tally = Rounds(ROUNDS, SEED).run()
    print(tally)
    assert tally.failures == []
    assert sum(tally.hit.values()) >= 5, "the kills met nothing running: this tests nothing"
