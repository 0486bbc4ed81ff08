"""Whose findings are: each kind of rule, the first that fits, and who may be asked about it afterwards."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from psycopg.sql import SQL

from kairan.domain.config import Config, Ownership, Team
from kairan.domain.query import parse
from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services import applying, owners
from kairan.services.actor import Actor
from kairan.services.config_file import checking
from kairan.services.intake import Intake, Options
from kairan.store.connection import raw_cursor
from kairan.store.queries import search
from tests.reports import record, report

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TEAMS = tuple(Team(key) for key in ("web", "pay", "ops"))
ARN = "arn:aws:ec2:ap-northeast-1:{account}:instance/i-{name}"


def alert(repository: str, number: int, manifest: str) -> dict[str, Any]:
    path = Path(__file__).parents[2] / "src/kairan/sources/github_dependabot/tests/samples/rest_repository.json"
    one = json.loads(path.read_text())[0]
    one["number"] = number
    one["dependency"]["manifest_path"] = manifest
    url = f"https://github.com/{repository}"
    one["html_url"] = f"{url}/security/dependabot/{number}"
    one["url"] = f"https://api.github.com/repos/{repository}/dependabot/alerts/{number}"
    one.pop("repository", None)
    return one


@pytest.fixture
def filled(store: None, tmp_path: Path) -> None:
    """Images, a cluster's workloads, and two repositories with manifests in several folders."""
    files: dict[str, Any] = {
        "nginx": report(record("CVE-2026-0001", "openssl"), image="nginx:1"),
        "shop": report(record("CVE-2026-0001", "openssl"), image="ghcr.io/acme/shop:1"),
        "web": [alert("acme/web", 1, "package-lock.json"), alert("acme/web", 2, "services/pay/go.mod")],
        "tools": [alert("acme/tools", 1, "Gemfile.lock")],
    }
    control = {"ID": "KSV001", "Severity": "HIGH", "Status": "FAIL", "Title": "Runs as root"}
    results = [{"Target": "x", "Class": "config", "Type": "kubernetes", "Misconfigurations": [control]}]
    files["cluster"] = {
        "ClusterName": "prod",
        "Resources": [
            {"Kind": "Deployment", "Name": f"app-{each}", "Namespace": each, "Results": results}
            for each in ("shop", "pay")
        ],
    }
    for name, told in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    Intake(Options(), Archive.configured(), clock.now).read_all([(str(each), None) for each in tmp_path.glob("*.json")])


def put(*entries: Ownership, files: dict[str, str] | None = None) -> dict[str, str]:
    """Apply this ownership: asset (with the manifest, for repositories) -> team."""
    checked = checking.Checked("test", Config(teams=TEAMS, ownership=entries, rules=()), files=files or {})
    applying.apply(checked, Actor("test"), NOW)
    return owned()


def assign(cursor: Any, findings: Any, config: Config) -> list[int]:
    with transaction.atomic():
        return owners.assign(cursor, findings, config, NOW)


def owned() -> dict[str, str]:
    cursor = raw_cursor()
    cursor.execute(
        "SELECT a.name || CASE a.kind WHEN 'repository' THEN ':' || f.location ELSE '' END, t.key FROM owner o"
        " JOIN finding f ON f.id = o.finding JOIN asset a ON a.id = f.asset_id JOIN team t ON t.id = o.team_id"
    )
    return dict(cursor.fetchall())


LOCK, GO, GEM = (
    "github.com/acme/web:package-lock.json",
    "github.com/acme/web:services/pay/go.mod",
    "github.com/acme/tools:Gemfile.lock",
)
SHOP, NGINX = "ghcr.io/acme/shop", "nginx"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Ownership("web", repository=("acme/web",)), {LOCK, GO}),
        (Ownership("web", repository=("ACME/*",)), {LOCK, GO, GEM}),
        (Ownership("web", repository=("*/tools",)), {GEM}),
        (Ownership("web", repository=("https://github.com/acme/tools",)), {GEM}),
        (Ownership("web", repository=("tools",)), set()),
        (Ownership("web", image=("*nginx",)), {NGINX}),
        (Ownership("web", image=("docker.io/library/nginx",)), {NGINX}),
        (Ownership("web", query="package:openssl"), {NGINX, SHOP}),
        (Ownership("web", query="package:openssl", image=("*/acme/*",)), {SHOP}),
        (Ownership("web", query="package:openssl", resource_group=("x",)), set()),
        (Ownership("web", namespace=("shop",)), {"Deployment/app-shop"}),
        (Ownership("web", cluster=("prod",), namespace=("p*",)), {"Deployment/app-pay"}),
        (Ownership("web", cluster=("test",), namespace=("p*",)), set()),
        (Ownership("web", repository=("acme/web",), namespace=("shop",)), set()),
        (Ownership("web", image=("100%", "a_b", "\\")), set()),
    ],
)
def test_what_all_keys_of_a_rule_fit_belongs_to_its_team(filled: None, entry: Ownership, expected: set[str]) -> None:
    assert put(entry).keys() == expected


def test_the_first_rule_that_fits_wins_whatever_its_kind(filled: None) -> None:
    found = put(
        Ownership("pay", query="path:services/pay/*"),
        Ownership("web", repository=("acme/web",)),
        Ownership("web", query="asset:*shop*", namespace=("nowhere",)),
        Ownership("pay", namespace=("*",)),
        Ownership("ops"),
    )
    assert found.pop(LOCK) == "web"
    assert found.pop(GO) == "pay"
    assert {name: team for name, team in found.items() if team == "ops"}.keys() == {SHOP, NGINX, GEM}
    assert {team for name, team in found.items() if "Deployment" in name} == {"pay"}


def test_a_codeowners_file_says_whose_a_path_is(filled: None) -> None:
    entry = Ownership(
        repository=("acme/web",), codeowners="CODEOWNERS", owners={"@acme/web": "web", "@acme/pay": "pay"}
    )
    text = "* @acme/web\n/services/ @somebody @acme/pay\n"
    rest = Ownership("ops", repository=("acme/*",))
    assert {key: put(entry, rest, files={"CODEOWNERS": text}).get(key) for key in (LOCK, GO, GEM)} == {
        LOCK: "web",
        GO: "pay",
        GEM: "ops",
    }
    changed = put(entry, rest, files={"CODEOWNERS": "* @acme/web\n/services/\n"})
    assert changed[GO] == "ops", "the file says it is nobody's: the next rule is asked"


def test_changed_findings_are_told_and_routed_again_and_the_same_rules_change_nothing(filled: None) -> None:
    put(Ownership("web", repository=("acme/*",)))
    cursor = raw_cursor()
    cursor.execute("DELETE FROM unrouted")
    assert put(Ownership("pay", image=("*nginx",)), Ownership("web", repository=("acme/*",)))[GEM] == "web"
    cursor.execute("SELECT count(*) FROM unrouted")
    assert cursor.fetchone() == (1,), "a rule that only moved down changed no owner"
    config = Config(teams=TEAMS, ownership=(Ownership("pay", image=("*nginx",)),))
    assert len(assign(cursor, None, config)) == 3
    assert assign(cursor, None, config) == []
    assert assign(cursor, [], config) == []


def test_some_findings_are_assigned_and_the_others_left_alone(filled: None) -> None:
    config = Config(
        teams=TEAMS, ownership=(Ownership("web", repository=("acme/*",)), Ownership("ops", cluster=("prod",)))
    )
    put(*config.ownership)
    cursor = raw_cursor()
    cursor.execute("SELECT finding FROM owner ORDER BY finding")
    [first, *others] = [row[0] for row in cursor.fetchall()]
    cursor.execute("DELETE FROM owner")
    assert assign(cursor, [first, 10**15], config) == [first]
    cursor.execute("SELECT finding FROM owner")
    assert cursor.fetchall() == [(first,)]
    assert sorted(assign(cursor, others, config)) == others


def test_queries_ask_whose_it_is(filled: None) -> None:
    put(Ownership("web", repository=("acme/*",)))
    cursor = raw_cursor()

    def found(query: str) -> int:
        where = search.select(parse(query, NOW, UTC)).where
        cursor.execute(SQL("SELECT count(*) FROM finding f WHERE {}").format(where))
        [(number,)] = cursor.fetchall()
        return int(number)

    assert (found("team:web"), found("team:w*"), found("team:pay"), found("-team:web")) == (3, 3, 0, 4)
    assert (found("is:unowned"), found("is:unowned is:open"), found("is:unowned,closed")) == (4, 4, 4)
