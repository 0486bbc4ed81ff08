"""What became of a run's records, in words: short for a row of the list, in full for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kairan.web import words

_NEWS = ("opened", "reopened", "changed", "closed", "fixed", "rejected", "held")
_EACH = ("opened", "reopened", "changed", "unchanged", "closed", "merged", "rejected")  # each record has one of these


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code` is the outcome's name in counts."""

    code: str
    label: str
    number: int


def news(counts: Mapping[str, Any]) -> Sequence[Outcome]:
    """What a run brought that was not known before; empty where it brought nothing new."""
    return [each for each in _outcomes(counts, _NEWS) if each.number]


def of_records(counts: Mapping[str, Any]) -> Sequence[Outcome]:
    return _outcomes(counts, _EACH)


def of_absence(counts: Mapping[str, Any]) -> Sequence[Outcome]:
    """What came of what the report no longer names."""
    return [each for each in _outcomes(counts, ("fixed", "held")) if each.number]


def records(counts: Mapping[str, Any]) -> Sequence[Outcome]:
    """How many records of each kind there were."""
    found = counts.get("records", {})
    return [Outcome(kind, words.word(words.KIND, kind), number) for kind, number in found.items() if number]


def _outcomes(counts: Mapping[str, Any], codes: Sequence[str]) -> list[Outcome]:
    return [Outcome(code, words.word(words.OUTCOME, code), int(counts.get(code, 0))) for code in codes]
