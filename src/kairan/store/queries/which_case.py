"""Which case something belongs to."""

from psycopg.sql import SQL

from kairan.store.queries.findings import fetch


def of_vulnerability(vulnerability: int, *, most: int) -> list[tuple[int, str, str]]:
    """(number, status, state) of the cases about a vulnerability, the newest first."""
    query = SQL(
        "select id, status, state from cases where vulnerability_id = {} and merged_into_id is null"
        " order by id desc limit {}"
    )
    return [(int(number), status, state) for number, status, state in fetch(query.format(vulnerability, most))]


def of_part(part: int) -> int | None:
    rows = fetch(SQL("select case_id from case_part where id = {}").format(part))
    return int(rows[0][0]) if rows else None


def of_decision(number: int) -> int | None:
    rows = fetch(
        SQL("select p.case_id from decision d join case_part p on p.id = d.part_id where d.id = {}").format(number)
    )
    return int(rows[0][0]) if rows else None
