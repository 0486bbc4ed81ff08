"""`python -m tests.slack --rounds 500 --seed 1`: worker and socket killed at any moment, round after round, and a
tally. What has to hold is said in kills.py; docs/explanation/torture.md keeps what was run."""

import sys
import time
from datetime import timedelta

import click

from tests.slack.kills import Kills


@click.command()
@click.option("--rounds", "-n", default=25, show_default=True, type=click.IntRange(1))
@click.option("--seed", "-s", default=1, show_default=True)
@click.option("--every", default=25, show_default=True, help="Say how far it is after so many rounds; 0 never.")
def main(rounds: int, seed: int, every: int) -> None:
    """Play, tell, and leave with 1 where something was lost or doubled."""
    began = time.monotonic()

    def tell(number: int, met: dict[str, int]) -> None:
        if every and number % every == 0:
            click.echo(f"{_since(began)}  round {number}: {_counted(met)}", err=True)

    played = Kills(rounds, seed, tell=tell).run()
    click.echo(f"{rounds} rounds, seed {seed}, {_since(began)}")
    click.echo(f"  people and harm: {_counted(played.met)}")
    click.echo(f"  calls of the Web API: {_counted(played.calls)}")
    click.echo(f"  deliveries: {_counted(played.deliveries)}")
    for each in played.failures:
        click.echo(f"  FAILED: {each}")
    click.echo("  nothing lost, nothing doubled" if not played.failures else f"  {len(played.failures)} failures")
    sys.exit(bool(played.failures))


def _since(began: float) -> str:
    return str(timedelta(seconds=round(time.monotonic() - began)))


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items())) or "none"


if __name__ == "__main__":
    main()
