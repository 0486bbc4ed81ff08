"""How probable exploitation is (EPSS): the newest word about each id, written and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL

from kairan.store.queries.findings import fetch, read


@dataclass(frozen=True, slots=True)
class Probability:
    """`probability` and `percentile` are within 0 and 1; `publisher` handed FIRST's number on."""

    identifier: str
    probability: float
    percentile: float | None
    publisher: str
    as_of: datetime


def put(cursor: psycopg.Cursor[tuple[Any, ...]], as_of: datetime) -> None:
    """Keep what is staged where it is newer than what is known. A number that stays is written too: with its time,
    so that a late report from in between does not win."""
    cursor.execute(
        """
        INSERT INTO epss AS e (identifier_id, probability, percentile, publisher, as_of)
        SELECT DISTINCT ON (i.id) i.id, s.probability, s.percentile, s.publisher, %s
        FROM st_epss s JOIN identifier i ON i.value = s.ident
        ORDER BY i.id, s.probability DESC, s.percentile DESC NULLS LAST, s.publisher
        ON CONFLICT (identifier_id) DO UPDATE SET probability = excluded.probability,
            percentile = excluded.percentile, publisher = excluded.publisher, as_of = excluded.as_of
        WHERE (e.as_of, e.probability, coalesce(e.percentile, -1), excluded.publisher)
            < (excluded.as_of, excluded.probability, coalesce(excluded.percentile, -1), e.publisher)
        """,
        (as_of,),
    )


def of_vulnerability(vulnerability: int) -> Sequence[Probability]:
    """The most probable first. Empty: nobody said anything, which is not "improbable"."""
    query = SQL(
        """
        select i.value, e.probability, e.percentile, e.publisher, e.as_of
        from identifier i join epss e on e.identifier_id = i.id
        where i.vulnerability_id = {} order by e.probability desc, i.value limit 10
        """
    ).format(vulnerability)
    return [read(Probability, row) for row in fetch(query)]
