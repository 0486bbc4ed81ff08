"""The same query asked of PostgreSQL and of plain Python: no difference, whatever the query and the findings."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL

from kairan.domain.query import Facts, matches, parse
from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options
from kairan.store.connection import raw_cursor
from kairan.store.queries import search
from kairan.store.queries.findings import fetch
from tests.reports import record, report
from tests.store.facts import facts

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TITLES = (
    "Remote code execution",
    "深刻な脆弱性がパッケージにあります",
    "It's a 'quoted' \\ title",
    "Denial of service",
)
PACKAGES = ("openssl", "log4j-core", "libssl_3", "100%pure", "Ünïcode")
IMAGES = ("nginx", "ghcr.io/acme/shop", "ghcr.io/acme/pay_ments", "quay.io/x/y")


def histories(folder: Path) -> list[tuple[str, None]]:
    """Reports of some images on some days, and a cluster: open and closed findings, with and without fixes."""
    chance = random.Random(7)
    for number in range(16):
        entries = [
            record(
                f"CVE-2026-{chance.randrange(1, 40):04d}",
                chance.choice(PACKAGES),
                severity=chance.choice(["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"]),
                fixed=chance.choice(["", "2.0"]),
                Title=chance.choice(TITLES),
                Description=chance.choice(["", "An attacker may read 情報 from memory."]),
            )
            for _ in range(12)
        ]
        told = report(*entries, at=f"2026-11-{number + 1:02d}T00:00:00Z", image=f"{chance.choice(IMAGES)}:1.{number}")
        (folder / f"{number}.json").write_text(json.dumps(told))
    control = {"ID": "KSV001", "Severity": "HIGH", "Status": "FAIL", "Title": "Runs as root"}
    results = [{"Target": "x", "Class": "config", "Type": "kubernetes", "Misconfigurations": [control]}]
    resources = [{"Kind": "Deployment", "Name": f"app{n}", "Namespace": n, "Results": results} for n in ("shop", "Pay")]
    (folder / "cluster.json").write_text(json.dumps({"ClusterName": "prod", "Resources": resources}))
    return [(str(file), None) for file in sorted(folder.glob("*.json"))]


@pytest.fixture
def filled(store: None, tmp_path: Path) -> dict[int, Facts]:
    """One store for all examples: queries change nothing."""
    folder = tmp_path / "reports"
    folder.mkdir()
    Intake(Options(), Archive.configured(), clock.now).read_all(histories(folder))
    _own(raw_cursor())
    known = facts(raw_cursor())
    assert {each.values["is"][0] for each in known.values()} == {"open", "closed"}
    return known


def _own(cursor: Any) -> None:
    """Every third finding is one team's, every third another's, the rest nobody's."""
    cursor.execute(
        "INSERT INTO team (key, name, language, time_zone, settings) VALUES"
        " ('shop', 'Shop 100%', '', 'UTC', '{}'), ('pay', 'x', '', 'UTC', '{}')"
    )
    cursor.execute(
        "INSERT INTO owner (finding, team_id, rule, asset, is_open, severity)"
        " SELECT f.id, t.id, 1, f.asset_id, f.is_open, f.severity FROM finding f JOIN team t"
        " ON t.key = CASE f.id % 3 WHEN 0 THEN 'shop' WHEN 1 THEN 'pay' END"
    )


def words(*some: str) -> st.SearchStrategy[str]:
    return st.sampled_from(some)


VALUES = words(
    *[
        "openssl",
        "OPENSSL",
        "log4j-core",
        "lib*",
        "*ssl*",
        "libssl_3",
        "100%pure",
        "nginx",
        "*/acme/*",
        "acme",
        "prod",
        "shop",
        "pay",
        "trivy",
        "*",
        "npm",
        "generic",
    ],
    *[
        "CVE-2026-0007",
        "cve-2026-00*",
        "CVE-*",
        "image",
        "workload",
        "x",
        "pkg:generic/*",
        "docker.io/library/nginx",
        "ünïcode",
    ],
    '"two words"',
)
TEXT_KEYS = words(
    *[
        "id",
        "cve",
        "package",
        "ecosystem",
        "asset",
        "asset-kind",
        "repo",
        "image",
        "instance",
        "account",
        "region",
        "cluster",
        "namespace",
        "source",
        "team",
    ],
    *["scope", "path"],
)
STATES = words(*["open", "closed", "fixed", "suppressed", "vulnerability", "misconfiguration", "accepted", "unowned"])
SEARCHED = words(
    *[
        "remote",
        "脆弱性",
        "情報",
        "quoted",
        "'",
        "\\",
        "log4j",
        "acme/shop",
        "...",
        "CVE-2026-0007",
        "2026",
        "nginx",
        "runs",
    ],
    '"code execution"',
    '"execution code"',
)
TERMS = st.one_of(
    st.builds("{}:{}".format, TEXT_KEYS, VALUES),
    st.builds("{}:{},{}".format, TEXT_KEYS, VALUES, VALUES),
    st.builds("is:{}".format, STATES),
    st.builds("severity:{}{}".format, words("", ">=", "<", ">", "<="), words("high", "critical", "low", "unknown")),
    words("fixed:yes", "fixed:no", "exploit:yes", "severity:low..high", "severity:high,low"),
    st.builds(
        "{}:{}".format, words("first-seen", "closed"), words("<7d", ">2w", "2026-11-05", "2026-11-03..2026-11-09")
    ),
    SEARCHED,
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map("-({})".format),
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda each: f"({' or '.join(each)})"),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=QUERIES)
def test_postgresql_and_python_agree(filled: dict[int, Facts], text: str) -> None:
    node = parse(text, NOW, UTC)
    found = {row[0] for row in fetch(SQL("select f.id from finding f where {}").format(search.select(node).where))}
    assert found == {number for number, each in filled.items() if matches(node, each)}, text


ASKED = [
    "openssl",
    "is:fixed",
    "脆弱性",
    "namespace:shop",
    "team:pay",
    "team:shop*",
    "is:unowned",
    "is:unowned is:open",
    "image:*/acme/*",
    "fixed:yes",
    "first-seen:<10d",
    "severity:high",
    "package:openssl",
]


def test_the_examples_are_worth_asking(filled: dict[int, Facts]) -> None:
    """Each part of the language finds some of these findings and not all: else the comparison says little."""
    for text in ASKED:
        hits = sum(matches(parse(text, NOW, UTC), each) for each in filled.values())
        assert 0 < hits < len(filled), text
