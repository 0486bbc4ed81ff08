"""Which of two versions is newer, where that can be told for sure; and what an upgrade closes.

Ecosystems order versions in their own ways. Told are Debian's, RPM's and plain numbers with dots (which all order
alike); of anything else only "the same version" is known, so an upgrade is promised too little rather than too much.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_NUMBERS = re.compile(r"^v?(\d+(?:\.\d+)*)(?:-r(\d+))?$")
_RUNS = re.compile(r"(\d+)|([a-zA-Z]+)|(~)|(\^)")
_DEBIAN_RUNS = re.compile(r"(\D*)(\d*)")
_LINES = frozenset({"deb", "rpm"})  # a distribution's package has one line of versions
_LONGEST = 200


def rank(ecosystem: str, version: str) -> Any | None:
    """What versions of an ecosystem are ordered by, or None where their order is not known. Compare ranks of one
    ecosystem only."""
    plain = version.removeprefix("=").strip()  # GitHub writes "= 1.5.0"
    return _rank(ecosystem, plain) if plain and len(plain) <= _LONGEST else None


@lru_cache(maxsize=20_000)
def _rank(ecosystem: str, version: str) -> Any | None:
    if ecosystem in _LINES:
        epoch, colon, rest = version.rpartition(":")
        if colon and not epoch.isdecimal():
            return None
        upstream, dash, revision = rest.rpartition("-")
        parts = (upstream, revision) if dash else (rest, "")
        order = _debian if ecosystem == "deb" else _rpm
        return (int(epoch or 0), *(order(part) for part in parts))
    match = _NUMBERS.match(version)
    if not match:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()  # 1.0 is 1
    return (tuple(numbers), int(match[2] or 0))


def _debian(text: str) -> Any:
    """Signs and numbers in turn: `~` before the end, the end before letters, letters before other signs."""
    order: list[Any] = []
    for signs, digits in _DEBIAN_RUNS.findall(text):
        if not signs and not digits:
            break
        order.append((*(_weight(sign) for sign in signs), 0))
        order.append(int(digits or 0))
    return (*order, (0,))


def _weight(sign: str) -> int:
    if sign == "~":
        return -1
    return ord(sign) if sign.isalpha() else ord(sign) + 0x110000


def _rpm(text: str) -> Any:
    """Runs of digits or letters: `~` before the end, the end before `^`, `^` before letters, letters before numbers."""
    order: list[Any] = []
    for digits, letters, tilde, caret in _RUNS.findall(text):
        if tilde:
            order.append((-1,))
        elif caret:
            order.append((1,))
        else:
            order.append((3, int(digits)) if digits else (2, letters))
    return (*order, (0,))


def alternatives(fixed: str) -> tuple[str, ...]:
    """The fixed versions of one finding: publishers name one for each line of releases, `2.3.1, 2.12.2, >=2.15.0`."""
    said = (part.strip().removeprefix(">=").strip() for part in fixed.split(","))
    return tuple(dict.fromkeys(part for part in said if part))


def closes(ecosystem: str, version: str, fixes: Sequence[str]) -> bool:
    """Is a finding that is fixed in `fixes` gone in this version?

    Yes where it is one of them; where it is not older than the newest of them; or not older than one of the same line
    of releases (the same numbers up to the last). 2.17.1 closes what 2.15.0 fixed, and 2.12.4 what 2.12.2 fixed, but
    2.13.0 does not close what was fixed in 2.12.2 and 2.15.0.
    """
    if version in fixes:
        return True
    own, ranks = rank(ecosystem, version), _ranks(ecosystem, tuple(fixes))
    if own is None or not ranks:
        return False
    if own >= max(ranks):
        return True
    if ecosystem in _LINES:
        return False
    return any(own >= known and _line(version) == _line(fix) for fix, known in zip(fixes, ranks, strict=True))


@lru_cache(maxsize=20_000)
def _ranks(ecosystem: str, versions: tuple[str, ...]) -> list[Any]:
    """The ranks of all of them, or nothing where one has none."""
    ranks = [rank(ecosystem, version) for version in versions]
    return [] if None in ranks else ranks


def is_newer(ecosystem: str, version: str, installed: str) -> bool:
    """Newer than what is installed, or not known to be older."""
    one, other = rank(ecosystem, version), rank(ecosystem, installed)
    return one is None or other is None or bool(one > other)


def step(ecosystem: str, installed: str, fixed: str) -> str:
    """The fixed version nearest to what is installed: of the same line of releases, else the next newer one. "" where
    publishers name several and their order is not known."""
    versions = alternatives(fixed)
    if len(versions) < 2:
        return versions[0] if versions else ""
    own = rank(ecosystem, installed)
    ranked = [(rank(ecosystem, version), version) for version in versions]
    if own is None or any(known is None for known, _ in ranked):
        return ""
    newer = sorted((known, version) for known, version in ranked if known > own)
    same = [version for _, version in newer if _line(version) == _line(installed)]
    return next(iter([*same, *(version for _, version in newer)]), "")


def _line(version: str) -> str:
    return version.removeprefix("v").partition("-")[0].rpartition(".")[0]
