"""Facets say what is there: from the roll-up, from the findings themselves, and bounded."""

import random
import threading
from collections import Counter

import pytest
from django.db import transaction

from kairan.domain.query import Facts, matches, parse
from kairan.store.connection import raw_cursor
from kairan.store.queries import facets, search, tally
from kairan.store.queries.findings import Selection
from tests.reports import NOW, check, day, osv, record, report, secret, take
from tests.store.facts import facts
from tests.stores import broken_invariants

pytestmark = pytest.mark.usefixtures("store")
ROLLED_UP = ("", "is:open", "is:closed", "severity:high", "is:open severity:>=high", "is:closed severity:low,unknown")
LOOKED_AT = ("package:openssl", "is:open -severity:low", "image:*nginx", "severity:>=high fixed:yes", "is:secret", "x")


def selection(query: str) -> Selection:
    return search.select(parse(query, NOW, NOW.tzinfo))  # type: ignore[arg-type]


def fill(seed: int = 3) -> None:
    """Imports, closings, reopenings; ids that merge; a cluster whose attributes and sightings name namespaces."""
    chance = random.Random(seed)
    for number in range(1, 15):
        entries = [
            record(
                chance.choice(["GO-2026-0001", "CVE-2026-0001", *[f"CVE-2026-{n:04d}" for n in range(2, 20)]]),
                chance.choice(["openssl", "zlib", "curl"]),
                severity=chance.choice(["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"]),
                fixed=chance.choice(["", "2.0"]),
            )
            for _ in range(9)
        ]
        results = [secret("AKIAQ"), check("DS002", "FAIL")] if number % 3 else []
        image = f"{chance.choice(['nginx', 'acme/shop', 'acme/pay'])}:1"
        take(report(*entries, at=day(number), image=image, results=results))
    control = {"ID": "KSV001", "Severity": "HIGH", "Status": "FAIL", "Title": "Runs as root"}
    results = [{"Target": "x", "Class": "config", "Type": "kubernetes", "Misconfigurations": [control]}]
    resources = [{"Kind": "Deployment", "Name": f"app{n}", "Namespace": n, "Results": results} for n in ("shop", "Pay")]
    take({"ClusterName": "prod", "Resources": resources})
    take(osv("GO-2026-0001", "CVE-2026-0001"))
    own()


def own() -> None:
    """Two teams own most findings, mostly by asset; one of them has no name."""
    raw_cursor().execute(
        "INSERT INTO team (key, name, language, time_zone, settings) VALUES ('shop', 'Shop', '', 'UTC', '{}'),"
        " ('pay', '', '', 'UTC', '{}');"
        " INSERT INTO owner (finding, team_id, rule, asset, is_open, severity)"
        " SELECT f.id, t.id, 1, f.asset_id, f.is_open, f.severity FROM finding f"
        " JOIN team t ON t.key = (ARRAY['shop', 'pay'])[(f.asset_id + (f.id %% 5) / 4) %% 3 + 1]"
        " WHERE f.merged_into_id IS NULL",
        {},
    )


def counted(query: str) -> dict[str, Counter[str]]:
    """The same counts from plain facts."""
    node = parse(query, NOW, NOW.tzinfo)  # type: ignore[arg-type]
    found: dict[str, Counter[str]] = {key: Counter() for key in facets.KEYS}
    for each in facts(raw_cursor()).values():
        if matches(node, each):
            for key, values in _values(each).items():
                found[key].update(set(values))
    return found


def _values(of: Facts) -> dict[str, list[str]]:
    values = {key: list(of.values[key]) for key in ("severity", "source", "asset-kind", "account", "namespace")}
    values["state"] = list(of.values["is"][:1])
    values["kind"] = [v for v in of.values["is"] if v in {"vulnerability", "misconfiguration", "secret", "license"}]
    for key, asked in (("repository", "repo"), ("image", "image")):
        values[key] = list(of.values[asked][1:2])
    values["package"] = list(of.values["package"][:1])
    values["team"] = list(of.values["team"][:1])
    return values


@pytest.mark.parametrize("query", [*ROLLED_UP, *LOOKED_AT])
def test_facets_are_what_the_findings_are(query: str) -> None:
    fill()
    selected = selection(query)
    assert (selected.tallied is not None) == (query in ROLLED_UP)
    found, expected = facets.facets(selected), counted(query)
    assert not found.bounded
    assert found.total == sum(expected["state"].values())
    for key in facets.KEYS:
        top = sorted(expected[key].items(), key=lambda pair: (-pair[1], pair[0]))[: facets.TOP]
        assert [(value, number) for value, number in found.values[key]] == top, key


def test_more_findings_than_are_looked_at_are_at_least_so_many() -> None:
    fill()
    query = "is:vulnerability"
    found = facets.facets(selection(query), ["severity", "package"], most=5)
    assert (found.bounded, found.total) == (True, 5)
    expected = counted(query)
    for key in ("severity", "package"):
        assert all(number <= expected[key][value] for value, number in found.values[key])
    assert not facets.facets(selection("is:open"), most=5).bounded


def test_of_a_store_without_findings_there_is_nothing_to_say() -> None:
    for query in ("", "openssl"):
        found = facets.facets(selection(query))
        assert (found.total, found.bounded) == (0, False)
        assert not any(found.values.values())


@pytest.mark.parametrize("seed", range(4))
def test_the_roll_up_is_right_after_any_history_and_smaller_after_compacting(seed: int) -> None:
    from kairan.services.aliases import withdraw

    fill(seed)
    assert broken_invariants(raw_cursor()) == {}
    withdraw("GO-2026-0001", "CVE-2026-0001", back=False, actor="Ada", now=NOW)
    take(report(record("CVE-2026-0002", "zlib"), at=day(2), image="acme/late:1"))
    assert broken_invariants(raw_cursor()) == {}
    before = facets.facets(selection(""))
    assert tally.compact(raw_cursor()) > 0
    assert tally.compact(raw_cursor()) == 0
    assert facets.facets(selection("")) == before
    assert broken_invariants(raw_cursor()) == {}
    with transaction.atomic():
        tally.rebuild(raw_cursor())
    assert broken_invariants(raw_cursor()) == {}


def test_importing_and_compacting_at_once_loses_nothing() -> None:
    from django.db import connection

    stop = threading.Event()
    failed: list[BaseException] = []

    def compact() -> None:
        try:
            while not stop.is_set():
                tally.compact(raw_cursor())
        except BaseException as error:  # noqa: BLE001 - the test says it below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=compact) for _ in range(2)]
    for thread in threads:
        thread.start()
    fill(9)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert broken_invariants(raw_cursor()) == {}
