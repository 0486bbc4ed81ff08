"""Whose findings of a vulnerability or an asset are, with the lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from kairan.store.queries import teams
from kairan.web import links

MOST_RULES = 10


@dataclass(frozen=True, slots=True)
class Share:
    """Open findings of a team; key "": nobody's. `rules` are the ownership rules' places in kairan.yaml, from 1."""

    key: str
    name: str
    open: int
    rules: Sequence[int]
    link: str


def of_vulnerability(number: int, primary_id: str) -> list[Share]:
    return [_share(each, id=primary_id) for each in teams.of_vulnerability(number)]


def of_asset(number: int, name: str) -> list[Share]:
    return [_share(each, asset=name) for each in teams.of_asset(number)]


def _share(each: teams.Share, **asked: str) -> Share:
    if each.key:
        link = links.findings(links.OPEN, team=each.key, **asked)
    else:
        link = links.findings(links.OPEN, "is:unowned", **asked)
    return Share(each.key, each.name, each.open, each.rules[:MOST_RULES], link)
