"""What the inbox, list, board and page of a case cost with very many cases.

    KAIRAN_DATA=/tmp/kd-bench python -m benchmarks.cases --cases 100000

Cases are written in bulk, as rows: a few hundred teams, every status, some decisions, watchers and silent baselines.
After `make bench-data` they hold its findings, so that ids and assets lead to them; else they hold none. Server time as in benchmarks.pages: from the request's arrival in Django to the last byte of the answer. Beside it the
processor's time, ours and PostgreSQL's: what a machine that others use too cannot falsify much.
"""

import os
import statistics
import time
from pathlib import Path
from typing import Any

import click

from kairan.entrypoints.running import store

TARGET = 100.0
_ADDRESSES = (
    "/inbox/",
    "/inbox/?whose=mine",
    "/inbox/?whose=team",
    "/cases/",
    "/cases/?state=any",
    "/cases/?state=any&sort=updated",
    "/cases/?state=any&sort=oldest",
    "/cases/?status=action_needed",
    "/cases/?team=team-7",
    "/cases/?team=team-7&status=fix_claimed",
    "/cases/?team=-",
    "/cases/?due=overdue",
    "/cases/?state=any&relook=yes",
    "/cases/?watching=yes",
    "/cases/?mine=yes",
    "/cases/?untold=yes",
    "/cases/?rule=seldom",
    "/cases/?due=overdue&team=team-7",
    "/cases/?text=number+4711",
    "/cases/?text=nothing-like-it",
    "/cases/?text=with+a+title",
    "/cases/?text=buffer+overflow+parser",
    "/cases/?text=脆弱性",
    "/cases/?text=CVE-2021-44228",
    "/cases/?text=CVE-2021",
    "/cases/?text=nginx",
    "/cases/?text=web-42.data.example.com",
    "/cases/?rule=urgent",
    "/cases/?state=any&ends=14d",
    "/cases/board/",
    "/cases/board/?whose=team",
)
_FILL = """
    INSERT INTO team (key, name, language, time_zone, settings)
        SELECT 'team-' || n, 'Team ' || n, '', 'UTC', '{}' FROM generate_series(1, 300) n ON CONFLICT DO NOTHING;
    INSERT INTO cases (rule, also, group_by, group_key, vulnerability_id, title, state, status, severity, findings, opened_at, updated_at,
            closed_at, openings, told_at, is_current)
        SELECT CASE WHEN n %% 997 = 0 THEN 'seldom' ELSE 'urgent' END, '{}', 'vulnerability', 'bench:' || n,
            v.id, t.title, s.state, s.status,
            1 + (n * 7 %% 5), 1 + n %% 9, now() - n * interval '7 minutes', now() - (n * 13 %% 90000) * interval '1 minute',
            CASE WHEN s.state = 'closed' THEN now() END, 1, CASE WHEN n %% 4 <> 0 THEN now() END, true
        FROM generate_series(1, %(cases)s) n CROSS JOIN LATERAL (
            SELECT state, status FROM (VALUES (0, 'open', 'new'), (1, 'open', 'new'), (2, 'open', 'triaging'),
                (3, 'open', 'action_needed'), (4, 'open', 'fix_claimed'), (5, 'open', 'waiting_for_verification'),
                (6, 'parked', 'deferred'), (7, 'parked', 'risk_accepted'), (8, 'closed', 'not_affected'),
                (9, 'closed', 'resolved')) v (k, state, status) WHERE k = hashint4(n) & 7 + (n %% 3)
            UNION ALL SELECT 'open', 'new' LIMIT 1) s
        LEFT JOIN vulnerability v ON v.id = 1 + n %% 40000
        LEFT JOIN advisory a ON a.id = v.id
        CROSS JOIN LATERAL (SELECT 'Case number ' || n || ' with a title '
            || coalesce(a.title, 'of a benchmark as long as titles are') AS title) t
        ON CONFLICT DO NOTHING;
    INSERT INTO case_part (case_id, team_id, status, status_since, relook, severity, findings, opened_at, due_at,
            until_at, told_at, reminders, claimed_by_id)
        SELECT c.id, CASE WHEN c.id %% 50 <> 0 THEN (SELECT min(id) FROM team) + (c.id * k * 31 %% 300) END, c.status,
            c.updated_at, CASE WHEN c.id %% 200 = 0 THEN 'expired' ELSE '' END, c.severity, c.findings, c.opened_at,
            c.opened_at + interval '300 days', CASE WHEN c.state = 'parked' THEN now() + c.id %% 300 * interval '1 day' END,
            c.told_at, 0, CASE WHEN c.id %% 40 = 0 THEN %(person)s END
        FROM cases c CROSS JOIN generate_series(1, 2) k WHERE c.group_key LIKE 'bench:%%' AND (k = 1 OR c.id %% 3 = 0)
        ON CONFLICT DO NOTHING;
    ANALYZE cases, case_part;
    INSERT INTO case_finding (case_id, part_id, finding, joined_at)
        SELECT p.case_id, p.id, f.id, now() FROM (
            SELECT min(id) AS id, case_id, row_number() OVER (ORDER BY case_id) AS n FROM case_part GROUP BY case_id
        ) p JOIN finding f ON 1 + f.id %% %(cases)s = p.n AND f.is_open;
    INSERT INTO decision (part_id, status, justification, reason, until, evidence, state, actor, decided_at, before)
        SELECT id, 'risk_accepted', '', 'because', 'fix', '[]', 'waiting', 'bench', now(), '{"status": "new"}'
        FROM case_part WHERE id %% 500 = 0;
    INSERT INTO case_event (case_id, code, at, recorded_at, actor, params)
        SELECT id, 'opened', opened_at, opened_at, '', '{"findings": 3}' FROM cases WHERE group_key LIKE 'bench:%%';
    INSERT INTO case_watcher (case_id, person_id) SELECT id, %(person)s FROM cases WHERE id %% 1000 = 0
        ON CONFLICT DO NOTHING;
    INSERT INTO team_member (team_id, person_id) SELECT id, %(person)s FROM team WHERE key IN ('team-7', 'team-8')
        ON CONFLICT DO NOTHING;
"""


@click.command()
@click.option("--cases", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--runs", default=7, show_default=True, type=click.IntRange(1))
@click.option("--only", default="", help="Addresses that hold this.")
def main(cases: int, runs: int, only: str) -> None:
    """Fill the store once, then print the table: median and slowest in ms."""
    os.environ.setdefault("KAIRAN_SECRET_KEY", "of-this-measurement")
    with store():
        from django.test import Client
        from django.test.utils import override_settings

        person = _person()
        _fill(cases, person.pk)
        click.echo(f"\n{cases:,} cases; the bar is {TARGET:.0f} ms, what is not under it is marked **\n")
        click.echo("| page | median ms | slowest | processor ms | kB |\n|---|---:|---:|---:|---:|")
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            client = Client()
            client.force_login(person)
            over = [
                address for address in _addresses() if only in address and _measure(client, address, runs) >= TARGET
            ]
        click.echo(f"\n{len(over)} not under {TARGET:.0f} ms")


def _person() -> Any:
    from datetime import UTC, datetime

    from kairan.store.models import Person

    made, _ = Person.objects.get_or_create(
        username="bench", defaults={"role": "triager", "created_at": datetime.now(UTC), "language": "en"}
    )
    return made


def _fill(cases: int, person: int) -> None:
    from kairan.store.connection import raw_cursor

    cursor = raw_cursor()
    cursor.execute("SELECT count(*) FROM cases WHERE group_key LIKE 'bench:%'")
    row = cursor.fetchone()
    if row and row[0] >= cases:
        return
    for statement in _FILL.split(";\n"):
        if statement.strip():
            cursor.execute(statement, {"cases": cases, "person": person})
    _words(cursor)
    cursor.execute("VACUUM ANALYZE")


def _words(cursor: Any) -> None:
    from kairan.store.queries.vectors import vector

    cursor.execute("SELECT id, title FROM cases WHERE words IS NULL")
    found = cursor.fetchall()
    cursor.execute(
        "UPDATE cases c SET words = n.words::tsvector FROM unnest(%s::bigint[], %s::text[]) n (id, words)"
        " WHERE c.id = n.id",
        ([number for number, _ in found], [vector(title) for _, title in found]),
    )


def _addresses() -> list[str]:
    from kairan.store.queries.case_filter import Filter
    from kairan.store.queries.case_list import Sort, page

    deep = page(Filter(state="open"), Sort.SEVERITY, size=5_000)
    return [*_ADDRESSES, f"/cases/?after={deep.after}", f"/cases/C-{deep.rows[0].id}/"]


def _measure(client: Any, address: str, runs: int) -> float:
    times, worked, size = [], [], 0
    for _ in range(runs + 1):
        began, before = time.perf_counter(), _processor()
        answer = client.get(address)
        times.append((time.perf_counter() - began) * 1000)
        worked.append((_processor() - before) * 1000)
        assert answer.status_code == 200, (address, answer.status_code)
        size = len(answer.content)
    median, cpu = statistics.median(times[1:]), statistics.median(worked[1:])
    late = " **" if median >= TARGET else ""
    click.echo(f"| `{address}` | {median:.1f} | {max(times[1:]):.1f} | {cpu:.1f} | {size / 1000:.0f} |{late}")
    return median


def _processor() -> float:
    """Seconds that this process and its PostgreSQL backend have computed. The backend has to be on this machine."""
    from kairan.store.connection import raw_cursor

    backend = raw_cursor().connection.info.backend_pid
    return time.process_time() + int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    main()
