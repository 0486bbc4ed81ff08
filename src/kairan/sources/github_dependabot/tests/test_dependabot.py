"""Dependabot's alerts: forms, states, identity; what is refused, and that nothing but a SourceError is raised."""

import contextlib
import copy
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kairan.domain.asset import repository as named_repository
from kairan.domain.errors import SourceError
from kairan.domain.finding import (
    Absence,
    Advisory,
    AssetRef,
    Cvss,
    EndReason,
    Epss,
    Observation,
    Rejected,
    occurrence_digest,
    sighting_key,
)
from kairan.domain.severity import Severity
from kairan.interfaces import registry
from kairan.interfaces.source import Hints
from kairan.services.recognise import recognise, shape_of
from kairan.sources.github_dependabot import SOURCE
from kairan.sources.github_dependabot.packages import package_of
from kairan.sources.trivy.assets import repository_of
from kairan.sources.trivy.packages import package_of as trivy_package_of

SAMPLES = Path(__file__).parent / "samples"
CORPUS = Path(os.environ.get("KAIRAN_CORPUS") or Path(__file__).parents[6] / "shared" / "corpus")
SHOP = AssetRef("repository", "github.com/acme/shop", "github.com/acme/shop")
GHSA = "GHSA-aaaa-bbbb-cccc"
TEXT = Advisory(
    publisher="github",
    external_id=GHSA,
    title="left: overflow",
    description="A made-up overflow.",
    url=f"https://github.com/advisories/{GHSA}",
    severity=Severity.MEDIUM,
    cvss=(
        Cvss("github", "3.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        Cvss("github", "4.0", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
    ),
    cwes=("CWE-787",),
    references=("https://example.org/a",),
    published=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    modified=datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC),
    aliases=("CVE-2026-0001",),
    epss=Epss("CVE-2026-0001", 0.1, 0.9),
)


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def reports(document, asset=None, complete=None):
    return list(SOURCE.reports(json.dumps(document).encode(), Hints(asset=asset, complete=complete)))


def read(document, asset=None):
    """(report, records, advisories) of a document that is one report."""
    (report,) = reports(sample(document) if isinstance(document, str) else document, asset)
    return report, list(report.records()), list(report.advisories())


def test_the_registry_finds_the_source():
    assert registry.source("github_dependabot") is SOURCE
    assert SOURCE.redacted(b"{}") is None


def test_states_are_explicit():
    report, records, _ = read("graph_states")
    assert [(r.status, r.open, r.end_reason, r.keep_if_unknown) for r in records] == [
        ("open", True, None, False),
        ("fixed", False, EndReason.REPORTED_FIXED, True),
        ("dismissed", False, EndReason.SUPPRESSED, True),
        ("auto_dismissed", False, EndReason.SUPPRESSED, True),
    ]
    assert [r.location for r in records] == [f"{d}/package-lock.json" for d in ("web", "api", "a", "b")]
    assert records[2].occurrence == {
        "number": 3,
        "url": "https://github.com/acme/shop/security/dependabot/3",
        "state": "dismissed",
        "scope": "runtime",
        "relationship": "direct",
        "dismissed": {"reason": "tolerable_risk", "comment": "許容する", "by": "sato", "at": "2026-01-07T00:00:00Z"},
        "created_at": "2026-01-05T00:00:00Z",
    }
    assert records[3].occurrence["dismissed"] == {"at": "2026-01-08T00:00:00Z"}
    assert records[3].occurrence["scope"] == "development"
    first = records[0]
    assert (first.id, first.advisory, first.severity, first.severity_source) == (GHSA, TEXT, Severity.MEDIUM, "github")
    assert (first.installed, first.fixed, first.package.key) == ("= 1.2.3", "1.2.4", "pkg:npm/%40acme/left")
    assert first.asset.names == ("acme/shop", "https://github.com/acme/shop")
    (scope,) = report.scopes
    assert (scope.key, scope.looked, scope.complete) == ("repository:github.com/acme/shop", True, False)
    assert (scope.absence, report.as_of, report.title) == (Absence.UNKNOWN, None, "github.com/acme/shop")


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"fixedAt": "2026-01-06T00:00:00Z"}, "fixed"),
        ({"dismissedAt": "2026-01-06T00:00:00Z"}, "dismissed"),
        ({"autoDismissedAt": "2026-01-06T00:00:00Z"}, "auto_dismissed"),
        ({}, "open"),
    ],
)
def test_without_a_state_the_instants_tell(told, state):
    document = sample("graph_states")
    alert = document["data"]["repository"]["vulnerabilityAlerts"]["nodes"][0]
    document["data"]["repository"]["vulnerabilityAlerts"]["nodes"] = [alert | told | {"state": None}]
    assert [r.status for r in read(document)[1]] == [state]


def test_complete_only_where_a_person_says_so_and_never_for_webhooks():
    def complete(name, said):
        return [scope.complete for report in reports(sample(name), complete=said) for scope in report.scopes]

    assert complete("graph_states", True) == complete("run", True) == complete("rest_alert", True) == [True]
    assert complete("graph_states", False) == complete("graph_states", None) == [False]
    assert complete("webhook", True) == complete("webhook_deprecated", True) == [False]
    assert complete("graph_partial", True) == [False], "an answer with errors does not hold all there is"


def test_every_form_names_the_same_finding():
    forms = ["graph_states", "graph_search", "rest_repository", "rest_alert", "webhook", "run"]
    firsts = [read(name)[1][0] for name in forms]
    assert len({sighting_key(first) for first in firsts}) == 1
    assert {first.advisory for first in firsts} == {TEXT}


def test_graphql_and_a_run_say_the_same_of_it():
    one, other = (read(name)[1][0] for name in ("graph_states", "run"))
    assert occurrence_digest(one, 1) == occurrence_digest(other, 1)


def test_pages_are_one_report_and_a_null_node_is_rejected():
    report, records, _ = read("graph_pages")
    assert report.size == len(records) == 3
    assert len(report.scopes) == 1
    assert [record.position for record in records] == [
        "[0].data.repository.vulnerabilityAlerts.edges[0].node",
        "[1].data.repository.vulnerabilityAlerts.edges[0].node",
        "[1].data.repository.vulnerabilityAlerts.edges[1].node",
    ]
    assert records[1].advisory.cvss == TEXT.cvss[:1], "the field from before cvssSeverities"
    assert isinstance(records[2], Rejected)
    assert "is null" in records[2].reason


def test_several_repositories_have_a_scope_each():
    report, records, _ = read("graph_aliases")
    names = ["github.com/acme/shop", "github.com/acme/api", "github.com/acme/empty"]
    assert [scope.title for scope in report.scopes] == names
    assert [record.asset.external_id for record in records] == names[:2]
    assert [record.scope for record in records] == [0, 1]
    assert report.title == "3 repositories"
    report, records, _ = read("rest_organisation")
    assert [record.asset.external_id for record in records] == names[:2]


def test_a_list_of_alerts_under_another_name_is_found():
    document = sample("graph_states")
    repository = document["data"]["repository"]
    repository["open"] = repository.pop("vulnerabilityAlerts")
    assert len(read(document)[1]) == 4
    assert len(read({"nodes": repository["open"]["nodes"]}, SHOP)[1]) == 4
    assert len(read({"vulnerabilityAlerts": repository["open"]}, SHOP)[1]) == 4
    assert len(read(repository["open"]["nodes"], SHOP)[1]) == 4


def test_what_github_could_not_give_is_rejected_with_its_words():
    _, (good, missing), _ = read("graph_partial")
    assert isinstance(good, Observation)
    assert (missing.position, "Could not resolve to a Repository" in missing.reason) == ("data.r1", True)


def test_several_alerts_fold_into_one_finding():
    document = sample("rest_repository")
    _, records, _ = read(document)
    assert len({sighting_key(record) for record in records}) == 1
    assert len({occurrence_digest(record, 1) for record in records}) == 3
    assert [record.open for record in records] == [True, False, False]


def test_a_file_without_a_repository_needs_a_hint():
    document = sample("graph_states")
    del document["data"]["repository"]["url"], document["data"]["repository"]["nameWithOwner"]
    report, records, _ = read(document)
    hint = "it names no repository: import it with --asset repository:github.com/OWNER/NAME"
    assert {record.reason for record in records} == {hint}
    assert report.scopes == ()
    _, records, _ = read(document, SHOP)
    assert {sighting_key(r) for r in records} == {sighting_key(r) for r in read("graph_states")[1]}
    other = AssetRef("repository", "github.com/acme/other", "x")
    assert read("graph_states", other)[1][0].asset.external_id == "github.com/acme/shop"


def test_an_empty_list_is_a_repository_without_alerts_if_one_says_which():
    for document in ([], {}, None):
        with pytest.raises(SourceError, match="--asset repository"):
            reports(document)
        report, records, _ = read(document, SHOP)
        assert (len(report.scopes), records) == (1, [])
    report, records, _ = read(
        {"data": {"repository": {"url": "https://github.com/a/b", "vulnerabilityAlerts": {"nodes": []}}}}
    )
    assert [scope.key for scope in report.scopes] == ["repository:github.com/a/b"]


@pytest.mark.parametrize(
    "action", ["created", "dismissed", "auto_dismissed", "auto_reopened", "fixed", "reintroduced", "reopened"]
)
def test_a_webhook_tells_its_alerts_state_and_instant(action):
    report, (record,), _ = read(sample("webhook") | {"action": action})
    assert report.as_of == datetime(2026, 1, 9, tzinfo=UTC)
    assert (record.status, record.position, report.size) == ("auto_dismissed", "alert", 1)


@pytest.mark.parametrize(("action", "state"), [("create", "open"), ("dismiss", "dismissed"), ("resolve", "fixed")])
def test_the_deprecated_webhook_tells_by_its_action(action, state):
    report, (record,), _ = read(sample("webhook_deprecated") | {"action": action})
    assert (record.status, record.id, record.fixed, record.severity) == (state, GHSA, "2.0.6", Severity.MEDIUM)
    assert record.advisory.aliases == ("CVE-2026-0001",)
    assert record.advisory.publisher == "github-ids", "a text without text must not blank the other one"
    assert record.asset.external_id == "github.com/acme/shop"
    assert report.as_of is not None, "else two of them, told late, would overwrite each other"


def test_a_run_has_its_own_instant():
    report, _, _ = read("run")
    assert report.as_of == datetime(2026, 1, 9, 0, 0, 0, 123456, UTC)
    assert len(reports([sample("webhook"), sample("run"), sample("rest_alert")])) == 3


def test_advisories_are_texts_and_no_findings():
    report, records, (one, many, bare) = read("advisories")
    assert (records, list(report.scopes), report.size) == ([], [], 3)
    assert one == TEXT
    assert (many.aliases, many.about) == ((), ("CVE-2026-0002", "CVE-2026-0003")), "two CVEs are never one problem"
    assert (bare.publisher, bare.external_id) == ("github-ids", GHSA)


def test_ids_fall_back_to_the_cve_then_to_whatever_there_is():
    def first(**advisory):
        alert = sample("rest_alert")
        alert["security_advisory"] = {"summary": "x"} | advisory
        return read(alert)[1][0]

    assert (first(cve_id="cve-2026-0001").id, first(cve_id="CVE-2026-0001").advisory.aliases) == ("CVE-2026-0001", ())
    assert first(identifiers=[{"value": "TEST-1", "type": "T"}]).id == "TEST-1"
    assert first().reason == "advisory: names no GHSA or CVE"


@pytest.mark.parametrize(
    ("ecosystem", "type_", "name"),
    [
        ("NPM", "npm", "@acme/left"),
        ("PIP", "pip", "Jinja2"),
        ("MAVEN", "pom", "org.acme:left"),
        ("RUBYGEMS", "bundler", "rack"),
        ("NUGET", "nuget", "Acme.Left"),
        ("GO", "gomod", "github.com/Acme/left/v2"),
        ("COMPOSER", "composer", "acme/left"),
        ("RUST", "cargo", "left_pad"),
        ("PUB", "pub", "left"),
        ("ERLANG", "mix", "left"),
        ("SWIFT", "swift", "github.com/acme/left"),
    ],
)
def test_packages_are_trivys(ecosystem, type_, name):
    assert package_of(name, ecosystem, "") == package_of(name, ecosystem.lower(), "x")
    assert package_of(name, ecosystem, "") == trivy_package_of(name, "", type_)


def test_actions_and_unnamed_ecosystems():
    assert package_of("actions/checkout", "ACTIONS", "").key == "pkg:githubactions/actions/checkout"
    assert package_of("jinja2", "", "docs/requirements.txt").key == "pkg:pypi/jinja2"
    assert package_of("org.acme:left", "", "").key == "pkg:maven/org.acme/left"
    assert package_of("left", "", "").key == "pkg:generic/left"


def test_repositories_are_trivys():
    for url in ("https://github.com/Acme/Shop", "https://GitHub.com/acme/shop.git", "https://ghe.example.org/a/b"):
        document = {"data": {"repository": {"url": url, "vulnerabilityAlerts": {"nodes": []}}}}
        assert read(document)[0].scopes[0].key == f"repository:{named_repository(repository_of(url)).external_id}"


def test_bad_alerts_are_rejected_by_field_and_the_rest_goes_on():
    good, second, third, *_ = (sample("rest_alert") for _ in range(3))
    second["security_vulnerability"]["package"]["name"] = 7
    third["state"] = "sleeping"
    odd = {"number": 1, "what": 2}
    _, records, _ = read([good, second, third, odd, None, 7])
    assert isinstance(records[0], Observation)
    assert [record.reason.partition(":")[0] for record in records[1:4]] == [
        "security_vulnerability.package.name",
        "state",
        "is no Dependabot alert",
    ]
    assert [record.reason for record in records[4:]] == ["is null", "is no object"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"message": "Bad credentials", "documentation_url": "https://docs.github.com"}, "error answer of the GitHub"),
        ({"errors": [{"type": "RATE_LIMITED"}]}, "error answer of an API"),
        ({"data": None, "errors": [{"message": "x"}]}, "error answer of an API"),
        ({"status": "success", "data": {"alerts": []}}, "no source knows"),
        ({"alerts": [], "receiver": "x"}, "no source knows"),
        ({"data": 7}, "no source knows"),
    ],
)
def test_foreign_documents_and_errors_are_not_claimed(document, message):
    with pytest.raises(SourceError, match=message):
        recognise(memoryview(json.dumps(document).encode()), None)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"data": {"result": [{"metric": {}}], "resultType": "vector"}}, "but result, resultType"),
        ({"data": {"repository": None}, "errors": [{"message": "Could not resolve"}]}, "GitHub API: Could not resolve"),
        ({"data": []}, "no answer of GitHub"),
        ({"alerts": [{"labels": {}}]}, "no document of Dependabot alerts"),
        ({"action": "created", "alert": {"rule": {}, "tool": {}}, "repository": {}}, "code scanning alert"),
        ({"action": "created", "alert": {"secret": "x", "secret_type": "y"}}, "secret scanning alert"),
        ([{"security_advisory": {}, "dependency": {}}, {"secret": "x"}], "secret scanning alert"),
    ],
)
def test_what_only_looks_like_github_is_named(document, message):
    data = json.dumps(document).encode()
    assert SOURCE.recognises(shape_of(memoryview(data)))
    with pytest.raises(SourceError, match=message):
        list(SOURCE.reports(data, Hints()))


def test_what_is_no_json_is_a_source_error():
    for data in (b"", b"{", b"\xff", b"7", b'"x"', b"[", b'{"data":' + b"[" * 100_000, b'{"data":' * 100_000):
        with pytest.raises(SourceError):
            list(SOURCE.reports(data, Hints()))


def paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


PLACES = [(f.stem, path) for f in sorted(SAMPLES.glob("*.json")) for path in paths(sample(f.stem)) if path]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["nodes", "node", "edges", "url", "name", "data", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PLACES), JUNK, st.booleans())
def test_a_changed_document_raises_nothing_but_a_source_error(place, junk, hinted):
    name, path = place
    document = copy.deepcopy(sample(name))
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    with contextlib.suppress(SourceError):
        shape = shape_of(memoryview(json.dumps(document).encode()))
        assert SOURCE.recognises(shape) in {True, False}
        for report in reports(document, SHOP if hinted else None):
            records, texts = list(report.records()), list(report.advisories())
            assert report.size == len(records) + len(texts)
            for record in records:
                if isinstance(record, Observation):
                    sighting_key(record), occurrence_digest(record, 1)
                    assert report.scopes[record.scope].key.endswith(record.asset.external_id)


def corpus_files():
    return [f for folder in ("github_dependabot", "ghsa_graphql") for f in sorted((CORPUS / folder).glob("*.json"))]


@pytest.mark.corpus
def test_the_corpus_is_here():
    if not corpus_files():
        if os.environ.get("KAIRAN_REQUIRE_ALL") == "1" and CORPUS.parent.is_dir():
            pytest.fail(f"no corpus in {CORPUS}, and KAIRAN_REQUIRE_ALL=1")
        pytest.skip(f"no corpus in {CORPUS}")


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus_files(), ids=lambda path: path.stem)
def test_every_record_of_the_corpus_is_read_once(path):
    data = path.read_bytes()
    assert recognise(memoryview(data), None) is SOURCE
    counts = json.loads((CORPUS / "counts.json").read_text())[f"{path.parent.name}/{path.name}"]
    for hint in (None, SHOP):
        found = list(SOURCE.reports(data, Hints(asset=hint)))
        records = [record for report in found for record in report.records()]
        texts = [text for report in found for text in report.advisories()]
        assert not (records and texts)
        assert len(records) + len(texts) == counts["findings"] == sum(report.size for report in found)
        reasons = {each.reason for each in records + texts if isinstance(each, Rejected)}
        if path.stem == "dd-issue_9582":  # the corpus counts them, but they are alerts of code scanning
            assert reasons == {"is a code scanning alert, not one of Dependabot"}
        else:
            assert all("--asset" in reason for reason in reasons)
            assert not (reasons and hint)
