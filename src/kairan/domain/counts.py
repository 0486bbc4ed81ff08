"""What an import did, in the words of `kairan import --json`."""

from dataclasses import dataclass, field

from kairan.domain.finding import Outcome, RecordKind


@dataclass(slots=True)
class Counts:
    """Sums over snapshots. Each record has exactly one of the seven outcomes; `fixed` and `held` count sightings."""

    records: dict[str, int] = field(default_factory=lambda: {kind.value: 0 for kind in RecordKind})
    outcomes: dict[str, int] = field(default_factory=lambda: {outcome.value: 0 for outcome in Outcome})
    fixed: int = 0
    held: int = 0
    stale: int = 0
    suppressed: int = 0
    advisories: int = 0

    def add_record(self, kind: RecordKind, number: int = 1) -> None:
        self.records[kind.value] += number

    def add(self, outcome: Outcome, number: int = 1) -> None:
        self.outcomes[outcome.value] += number

    def include(self, other: "Counts") -> None:
        for name, number in other.records.items():
            self.records[name] += number
        for name, number in other.outcomes.items():
            self.outcomes[name] += number
        for name in ("fixed", "held", "stale", "suppressed", "advisories"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_dict(self) -> dict[str, object]:
        """The flat form that runs keep and `--json` prints."""
        return {
            "records": dict(self.records),
            **self.outcomes,
            "fixed": self.fixed,
            "held": self.held,
            "stale": self.stale,
        }
