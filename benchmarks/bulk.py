"""Fill an empty store with many findings, straight in SQL: `make bench-data N=1000000` with KAIRAN_DATA set.

Realistic in its shape, not in its texts: few assets bear many findings, a few vulnerabilities are everywhere, rows of
one week and asset lie together as imports leave them. The same `--seed` makes the same store.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import psycopg

from kairan.domain.errors import KairanError
from kairan.entrypoints.running import store

Cursor = psycopg.Cursor[tuple[Any, ...]]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
VULNERABILITIES, PACKAGES, ASSETS, TEXTS, OWNERS = 40_000, 6_000, 8_000, 3_000, 300
SOURCES = ("trivy", "github_dependabot", "aws_security_hub", "vuls")
ECOSYSTEMS = ("deb", "rpm", "npm", "pypi", "maven", "golang", "cargo", "gem")
REGIONS = ("ap-northeast-1", "ap-northeast-3", "us-east-1", "eu-west-1")
KINDS = ("image",) * 8 + ("repository",) * 5 + ("host",) * 4 + ("workload",) * 3
PROBLEMS = ("buffer overflow", "SQL injection", "path traversal", "denial of service", "use after free", "脆弱性",
            "remote code execution", "deserialisation", "認証回避", "information leak", "リモートコード実行", "XXE")  # fmt: skip
PLACES = ("in the parser", "of certificate checks", "while reading headers", "の入力検証に不備があり", "in regular expressions",
          "のログ出力処理", "of archive entries", "in the template engine", "during the handshake", "in deprecated code")  # fmt: skip
STEMS = (
    "openssl",
    "log4j",
    "libxml",
    "nginx",
    "curl",
    "zlib",
    "spring",
    "lodash",
    "requests",
    "glibc",
    "tokio",
    "rails",
)
TEAMS = ("acme", "shop", "payments", "search", "data", "mobile", "platform", "labs")


@click.command()
@click.option("--findings", default=1_000_000, show_default=True, type=click.IntRange(1, 20_000_000))
@click.option("--seed", default=1, show_default=True)
def main(findings: int, seed: int) -> None:
    """Make that many findings in a store that holds none."""
    started = time.monotonic()
    with store(say=click.echo):
        from kairan.store.connection import raw_cursor

        cursor = raw_cursor()
        cursor.execute("SELECT EXISTS (SELECT FROM finding)")
        if cursor.fetchone() != (False,):
            raise KairanError("this store holds findings; bulk findings go into an empty one only")
        fill(cursor, findings, seed, lambda what: click.echo(f"{time.monotonic() - started:6.1f} s  {what}"))


def fill(cursor: Cursor, findings: int, seed: int, say: Callable[[str], None]) -> None:
    """All steps in one transaction, then ANALYZE."""
    with cursor.connection.transaction():
        if cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (True,):
            cursor.execute("SET LOCAL session_replication_role = replica")  # what we write refers to what is there
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '256MB'")
        _random(cursor, seed)
        _sources(cursor)
        _vulnerabilities(cursor)
        _packages(cursor)
        _assets(cursor)
        say("vulnerabilities, advisories, packages, assets")
        indexes = _without_indexes(cursor, "finding", "sighting")
        _findings(cursor, findings)
        say("findings")
        _sightings(cursor)
        say("sightings")
        _owners(cursor)
        say("owners")
        for index in indexes:
            cursor.execute(index)
        say("indexes")
        _rest(cursor)
    cursor.execute("VACUUM ANALYZE")
    say("done")


def _random(cursor: Cursor, seed: int) -> None:
    """pg_temp.u(x, salt): a number in [0, 1) that depends on x, the salt and the seed alone."""
    cursor.execute(
        f"""
        CREATE OR REPLACE FUNCTION pg_temp.u(x bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
        'SELECT (hashint8extended(x, {seed * 1000} + salt) & 1073741823) / 1073741824.0::float8'
        """
    )


def _copy(cursor: Cursor, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


def _sources(cursor: Cursor) -> None:
    for number, kind in enumerate(SOURCES, 1):
        cursor.execute(
            "INSERT INTO source (id, kind, name, created_at) VALUES (%s, %s, %s, %s)", (number, kind, kind, NOW)
        )


def _vulnerabilities(cursor: Cursor) -> None:
    from kairan.store.queries.vectors import vector

    names = [(n, _identifier(n)) for n in range(1, VULNERABILITIES + 1)]
    cursor.execute("CREATE TEMP TABLE b_ident (id bigint, value text, words text) ON COMMIT DROP")
    _copy(cursor, "b_ident", "id, value, words", ((n, name, vector(name)) for n, name in names))
    _copy(cursor, "b_ident", "id, value, words", ((n, g, vector(g)) for n, _ in names if n % 5 < 2 for g in [_ghsa(n)]))
    cursor.execute("CREATE TEMP TABLE b_text (n int, title text, description text, words text) ON COMMIT DROP")
    texts = ((n, *_text(n)) for n in range(TEXTS))
    _copy(cursor, "b_text", "n, title, description, words", ((n, t, d, vector(f"{t} {d}")) for n, t, d in texts))
    cursor.execute(
        """
        INSERT INTO vulnerability (id, kind, primary_id, created_at)
        SELECT id, CASE WHEN id %% 40 = 7 THEN 'misconfiguration' WHEN id %% 200 = 9 THEN 'secret'
            ELSE 'vulnerability' END, min(value), %(now)s FROM b_ident GROUP BY id;
        """,
        {"now": NOW},
    )
    cursor.execute(
        """
        INSERT INTO identifier (value, vulnerability_id, home_id, words) SELECT value, id, id, words::tsvector
        FROM b_ident ORDER BY id
        """
    )
    cursor.execute(
        """
        INSERT INTO advisory (id, publisher, external_id, title, description, url, remediation, severity, cvss, cwes,
            links, digest, as_of, words, vulnerability_ids)
        SELECT v.id, 'nvd', v.primary_id, t.title, t.description, '', '', 0, '[]', '{}', '{}', '', %s,
            t.words::tsvector, array[v.id] FROM vulnerability v JOIN b_text t ON t.n = v.id %% %s
        """,
        (NOW, TEXTS),
    )
    cursor.execute(
        "INSERT INTO advisory_identifier (advisory_id, identifier_id) SELECT i.vulnerability_id, i.id FROM identifier i"
    )


def _identifier(number: int) -> str:
    return "CVE-2021-44228" if number == 10 else f"CVE-{2015 + number % 12}-{10_000 + number}"


def _ghsa(number: int) -> str:
    signs = "23456789cfghjmpqrvwx"
    digits = [signs[(number * 7919 // 20**at) % 20] for at in range(12)]
    return "GHSA-" + "-".join("".join(digits[at : at + 4]) for at in (0, 4, 8))


def _text(number: int) -> tuple[str, str]:
    problem, place = PROBLEMS[number % len(PROBLEMS)], PLACES[number // 12 % len(PLACES)]
    title = f"{STEMS[number % 11]}: {problem} {place}"
    more = [f"{PROBLEMS[number * at % 12]} {PLACES[number * at % 10]} part{number * at % 997}" for at in range(3, 12)]
    return title, f"A flaw was found. {'; '.join(more)}. token{number}"


def _packages(cursor: Cursor) -> None:
    from kairan.store.queries.vectors import vector

    rows = []
    for number in range(1, PACKAGES + 1):
        kind, name = ECOSYSTEMS[number % 8], f"{STEMS[number % 12]}-{number}" if number > 12 else STEMS[number - 1]
        rows.append((number, f"pkg:{kind}/{name}", kind, name, vector(name)))
    _copy(cursor, "package", "id, key, ecosystem, name, words", rows)


def _assets(cursor: Cursor) -> None:
    from kairan.store.queries.vectors import vector

    rows = [(number, *_asset(number)) for number in range(1, ASSETS + 1)]
    facts = ((n, kind, external, name, json.dumps(facts), NOW) for n, kind, external, name, facts in rows)
    _copy(cursor, "asset", "id, kind, external_id, name, attributes, created_at", facts)
    names = ((n, value, vector(value)) for n, _, external, name, _ in rows for value in sorted({external, name}))
    _copy(cursor, "asset_name", "asset_id, value, words", names)
    cursor.execute(
        f"""
        INSERT INTO scope (id, source_id, key, kind, title, absence, watermark, version)
        SELECT id, {_SOURCE}, external_id, 'vulnerability', name, 'fixed', %s, '' FROM asset a
        """,
        (NOW,),
    )


def _asset(number: int) -> tuple[str, str, str, dict[str, str]]:
    kind, team = KINDS[number % 20], TEAMS[number * 7 % 8]
    account = str(123456789012 + number % 60)
    if kind == "image":
        name = f"registry.example.com/{team}/{STEMS[number % 12]}-{number}"
        return kind, name, name, {"account": account, "region": REGIONS[number % 4]} if number % 2 else {}
    if kind == "repository":
        name = f"{team}/service-{number}"
        return kind, f"https://github.com/{name}", name, {}
    if kind == "host":
        arn = f"arn:aws:ec2:{REGIONS[number % 4]}:{account}:instance/i-{number * 2654435761 % 2**40:010x}"
        facts = {"account": account, "region": REGIONS[number % 4], "instance": arn.rpartition("/")[2]}
        return kind, arn, f"web-{number}.{team}.example.com", facts
    facts = {"cluster": f"cluster-{number % 9}", "namespace": f"{team}-{number % 15}"}
    return kind, f"{facts['cluster']}/{facts['namespace']}/Deployment/app-{number}", f"app-{number}", facts


def _without_indexes(cursor: Cursor, *tables: str) -> list[str]:
    """Drop what only speeds up reading; the SQL that makes it again."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique",
        (list(tables),),
    )
    found = cursor.fetchall()
    cursor.execute(f"DROP INDEX {', '.join(name for name, _ in found)}")
    return [definition for _, definition in found]


_SOURCE = """CASE a.kind WHEN 'repository' THEN 2 WHEN 'host' THEN CASE WHEN mod(a.id, 5) < 2 THEN 3 ELSE 4 END
             ELSE 1 END"""
_NEW_TRAITS = """
    CASE WHEN kind = 'workload' THEN ARRAY['cluster:' || cluster] ELSE '{}' END
    || CASE WHEN pg_temp.u(n, 8) < 0.6 THEN ARRAY['fix:known'] ELSE '{}' END
    || ARRAY['kind:' || vkind]
    || CASE WHEN kind = 'workload' THEN ARRAY['namespace:' || namespace] ELSE '{}' END
    || CASE WHEN kind = 'repository'
        THEN ARRAY[CASE WHEN pg_temp.u(n, 9) < 0.3 THEN 'scope:development' ELSE 'scope:runtime' END] ELSE '{}' END
    || CASE WHEN pg_temp.u(n, 7) < 0.15 AND kind = 'image' THEN ARRAY['source:aws_security_hub'] ELSE '{}' END
    || ARRAY['source:' || source]
    || CASE WHEN pg_temp.u(n, 7) < 0.15 AND kind = 'repository' THEN ARRAY['source:trivy'] ELSE '{}' END
"""


def _findings(cursor: Cursor, number: int) -> None:
    """Each asset has the 30 vulnerabilities that are everywhere, and others; each vulnerability has its package."""
    cursor.execute(
        f"""
        INSERT INTO finding (id, vulnerability_id, asset_id, package_id, location, is_open, severity, first_seen,
            closed_at, close_reason, home_id, traits)
        WITH heavy AS (
            SELECT a.id, a.kind, attributes, pow(row_number() OVER (ORDER BY pg_temp.u(a.id, 1)) + 20, -0.7) AS w,
                o.kind AS source
            FROM asset a JOIN scope c ON c.id = a.id JOIN source o ON o.id = c.source_id
        ), share AS (SELECT *, ceil(%(n)s * w / sum(w) OVER ())::int AS many FROM heavy
        ), pair AS (
            SELECT s.*, s.id * 100000 + j AS n, CASE WHEN j < 30 THEN j + 1
                ELSE 1001 + (pg_temp.u(s.id, 2) * 39000 + j * 7919::bigint)::bigint %% 39000 END AS vulnerability
            FROM share s CROSS JOIN LATERAL generate_series(0, many - 1) j
        ), drawn AS (
            SELECT p.*, v.kind AS vkind, pg_temp.u(n, 3) AS a, pg_temp.u(n, 4) AS b, pg_temp.u(vulnerability, 5) AS c,
                attributes ->> 'cluster' AS cluster, attributes ->> 'namespace' AS namespace
            FROM pair p JOIN vulnerability v ON v.id = vulnerability
        ), dated AS (SELECT *, %(now)s::timestamptz - pow(b, 1.5) * interval '730 days' AS seen FROM drawn LIMIT %(n)s)
        SELECT row_number() OVER (ORDER BY date_trunc('week', seen), id, n), vulnerability, id,
            CASE WHEN vkind = 'vulnerability' THEN 1 + floor({PACKAGES} * pow(pg_temp.u(vulnerability, 6), 2)) END,
            CASE WHEN kind = 'repository' THEN 'services/' || vulnerability %% 40 || '/'
                || (ARRAY['package-lock.json', 'pom.xml', 'go.sum', 'requirements.txt'])[1 + vulnerability %% 4]
                WHEN vkind <> 'vulnerability' THEN 'etc/app-' || n %% 5000 || '.conf' ELSE '' END,
            a < 0.7, CASE WHEN c < 0.06 THEN 5 WHEN c < 0.3 THEN 4 WHEN c < 0.7 THEN 3 WHEN c < 0.93 THEN 2
                WHEN c < 0.95 THEN 1 ELSE 0 END,
            seen, CASE WHEN a >= 0.7 THEN seen + (%(now)s - seen) * (a - 0.7) / 0.3 END,
            CASE WHEN a < 0.7 THEN '' WHEN a < 0.95 THEN 'absent' WHEN a < 0.98 THEN 'reported_fixed'
                WHEN a < 0.99 THEN 'suppressed' ELSE 'asset_gone' END,
            vulnerability, {_NEW_TRAITS}
        FROM dated ORDER BY 1
        """,
        {"n": number, "now": NOW},
    )


def _sightings(cursor: Cursor) -> None:
    cursor.execute(
        """
        INSERT INTO sighting (scope_id, key, finding_id, identifier_id, digest, lead, severity, severity_source,
            status, installed, fixed, occurrences, is_live, first_seen, changed_at, last_seen, ended_at, end_reason)
        SELECT asset_id, int8send(f.id), f.id, i.id, int8send(f.id), int8send(f.id), f.severity, 'nvd', '',
            '1.' || mod(f.id, 90), CASE WHEN 'fix:known' = ANY(f.traits) THEN '1.' || mod(f.id, 90) + 1 ELSE '' END, '[]',
            is_open, f.first_seen, f.first_seen, f.closed_at, f.closed_at, close_reason
        FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id JOIN identifier i ON i.value = v.primary_id
        ORDER BY f.id
        """
    )


def _owners(cursor: Cursor) -> None:
    """An asset's findings belong to up to three teams; a tenth of the assets has nobody."""
    cursor.execute(
        f"""
        INSERT INTO team (key, name, language, time_zone, settings)
            SELECT 'team-' || n, 'Team ' || n, '', 'UTC', '{{}}' FROM generate_series(1, {OWNERS}) n;
        INSERT INTO owner (finding, team_id, rule, asset, is_open, severity)
            SELECT f.id, t.id, 1, f.asset_id, f.is_open, f.severity FROM finding f
            JOIN team t ON t.key = 'team-' || 1 + (f.asset_id * 7 + f.vulnerability_id %% 3) %% {OWNERS}
            WHERE f.asset_id %% 10 <> 0 ORDER BY f.id
        """,
        {},
    )


def _rest(cursor: Cursor) -> None:
    from kairan.store.queries import tally

    cursor.execute("INSERT INTO trait (value) SELECT DISTINCT t FROM finding, unnest(traits) t ORDER BY 1")
    tally.rebuild(cursor)
    for table in ("finding", "vulnerability", "package", "asset", "advisory", "source", "scope"):
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
        )


if __name__ == "__main__":
    main()
