"""Answering a query for one finding in plain Python: what SQL is tested against, and what rules use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from kairan.domain.query.tree import And, Choice, Node, Not, Or, Pattern, Period, Words


@dataclass(frozen=True, slots=True)
class Facts:
    """What a query may ask of a finding. `texts` are token lists (domain.query.words), one for each text."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    instants: Mapping[str, datetime | None] = field(default_factory=dict)
    texts: Sequence[Sequence[str]] = ()


def matches(node: Node, facts: Facts) -> bool:
    """Does the finding match?"""
    match node:
        case And(nodes):
            return all(matches(each, facts) for each in nodes)
        case Or(nodes):
            return any(matches(each, facts) for each in nodes)
        case Not(inner):
            return not matches(inner, facts)
        case Choice(key, words):
            return any(value in words for value in facts.values.get(key, ()))
        case Pattern(key, texts):
            return any(pattern(text).fullmatch(value) for text in texts for value in facts.values.get(key, ()))
        case Period(key, start, end):
            at = facts.instants.get(key)
            return at is not None and (start is None or at >= start) and (end is None or at < end)
        case Words(tokens):
            return not tokens or any(_stand_in(tokens, text) for text in facts.texts)


@lru_cache(maxsize=1_000)
def pattern(text: str) -> re.Pattern[str]:
    """`*` is any signs; the rest stands for itself, in any case."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.IGNORECASE | re.DOTALL)


def _stand_in(tokens: Sequence[str], text: Sequence[str]) -> bool:
    wide = len(tokens)
    return any(tuple(text[at : at + wide]) == tuple(tokens) for at in range(len(text) - wide + 1))
