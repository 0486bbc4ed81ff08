"""OSV advisories: which ids they make one problem, which they only link, and what is no advisory."""

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairan.domain.errors import SourceError
from kairan.domain.finding import Advisory, Cvss, Rejected
from kairan.domain.severity import Severity
from kairan.interfaces import registry
from kairan.interfaces.source import Hints, Shape, Source
from kairan.sources.osv import SOURCE
from kairan.sources.osv.parse import is_distribution_advisory

CORPUS = Path(os.environ.get("KAIRAN_CORPUS") or Path(__file__).parents[6] / "shared" / "corpus")

SAMPLE = {
    "schema_version": "1.7.0",
    "id": "GHSA-aaaa-bbbb-cccc",
    "summary": "left: overflow",
    "details": "A made-up overflow.",
    "published": "2026-01-02T03:04:05Z",
    "modified": "2026-01-03T03:04:05.123Z",
    "withdrawn": "2026-01-04T00:00:00Z",
    "aliases": ["CVE-2026-0001"],
    "related": ["CVE-2026-0002"],
    "severity": [
        {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
        {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
    ],
    "affected": [{"package": {"ecosystem": "npm", "name": "left"}}],
    "references": [{"type": "WEB", "url": "https://example.org/a"}],
    "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-787"]},
}


def advisories(document: object) -> list[Advisory | Rejected]:
    (report,) = SOURCE.reports(json.dumps(document).encode(), Hints())
    assert (list(report.records()), list(report.scopes)) == ([], [])
    found = list(report.advisories())
    assert len(found) == report.size
    return found


def test_an_advisory_is_read_whole():
    (found,) = advisories(SAMPLE)
    assert found == Advisory(
        publisher="osv",
        external_id="GHSA-aaaa-bbbb-cccc",
        title="left: overflow",
        description="A made-up overflow.",
        url="https://osv.dev/vulnerability/GHSA-aaaa-bbbb-cccc",
        severity=Severity.MEDIUM,
        cvss=(
            Cvss("osv", "3.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
            Cvss("osv", "4.0", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
        ),
        cwes=("CWE-787",),
        references=("https://example.org/a",),
        published=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        modified=datetime(2026, 1, 3, 3, 4, 5, 123000, UTC),
        withdrawn=datetime(2026, 1, 4, tzinfo=UTC),
        about=("CVE-2026-0002",),
        aliases=("CVE-2026-0001",),
    )


@pytest.mark.parametrize(
    ("id_", "aliases", "upstream", "same", "about"),
    [
        ("GO-2026-1", ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"], [], ("CVE-2026-1", "GHSA-aaaa-bbbb-cccc"), ()),
        ("GO-2026-1", ["CVE-2026-1", "CVE-2026-2"], [], (), ("CVE-2026-1", "CVE-2026-2")),
        ("CVE-2026-1", ["CVE-2026-2"], [], (), ("CVE-2026-2",)),
        ("RHSA-2026:1", ["CVE-2026-1"], [], (), ("CVE-2026-1",)),
        ("USN-1-1", None, ["CVE-2026-1", "UBUNTU-CVE-2026-1"], (), ("CVE-2026-1", "UBUNTU-CVE-2026-1")),
        ("UBUNTU-CVE-2026-1", ["CVE-2026-1"], ["CVE-2026-1"], (), ("CVE-2026-1",)),
        ("GHSA-aaaa-bbbb-cccc", ["cve-2026-1", "DEBIAN-CVE-2026-1"], [], ("CVE-2026-1",), ("DEBIAN-CVE-2026-1",)),
    ],
)
def test_only_aliases_of_one_problem_are_aliases(id_, aliases, upstream, same, about):
    (found,) = advisories({"id": id_, "aliases": aliases, "upstream": upstream, "affected": []})
    assert (found.aliases, found.about) == (same, about)


def test_advisories_of_distributions_are_told_by_their_id():
    ids = "ALAS-2026-1 ALAS2-2026-1 ALBA-2021:4378 ALSA-2022:1 RHSA-2026:1 RLSA-2023:1 USN-1-1 DSA-1-1 DLA-1-1"
    ids += " ELSA-2026-1 SUSE-SU-2023:1-1 openSUSE-SU-2023:1-1 OESA-2021-1 CGA-22hv-wp9q-4779"
    ids += " UBUNTU-CVE-2026-1 DEBIAN-CVE-2026-1"
    assert [id_ for id_ in ids.split() if not is_distribution_advisory(id_)] == []
    assert not any(is_distribution_advisory(id_) for id_ in ("CVE-2026-1", "GHSA-a-b-c", "GO-2026-1", "PYSEC-2026-1"))


def test_a_bad_document_is_rejected_and_the_rest_goes_on():
    missing, wrong, empty, good = advisories([{"summary": "x"}, {"id": "A-1", "aliases": "x"}, {"id": " "}, SAMPLE])
    assert missing.reason == "object missing required field id"
    assert (wrong.reason, wrong.position) == ("aliases: expected array | null, got str", "[1]")
    assert empty.reason == "id: is empty"
    assert good.external_id == "GHSA-aaaa-bbbb-cccc"


def test_what_is_no_json_is_a_source_error():
    for data in (b"", b"{", b"\xff", b"7", b'{"a":' + b"[" * 100_000):
        with pytest.raises(SourceError, match="not readable as OSV"):
            list(SOURCE.reports(data, Hints()))


def test_osv_documents_are_recognised_and_others_are_not():
    assert SOURCE.recognises(Shape("object", frozenset(SAMPLE), {"id": "GHSA-aaaa-bbbb-cccc"}))
    assert SOURCE.recognises(Shape("array", frozenset(SAMPLE), {"id": "GHSA-aaaa-bbbb-cccc"}, 2))
    assert not SOURCE.recognises(Shape("object", frozenset({"id", "message"}), {"id": "x"}))
    assert not SOURCE.recognises(Shape("object", frozenset({"id", "affected"}), {"id": 7}))
    assert not SOURCE.recognises(Shape("array"))
    assert not SOURCE.recognises(Shape("null"))
    assert SOURCE.redacted(b"{}") is None
    assert registry.source("osv") is SOURCE
    assert isinstance(SOURCE, Source)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLE)),
    st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4),
)
def test_a_changed_document_raises_nothing_but_a_source_error(key, value):
    with contextlib.suppress(SourceError):
        advisories(SAMPLE | {key: value})


@pytest.mark.corpus
def test_every_document_of_the_corpus_is_one_advisory():
    files = sorted((CORPUS / "osv").glob("*")) if (CORPUS / "osv").is_dir() else []
    if not files:
        if os.environ.get("KAIRAN_REQUIRE_ALL") == "1" and CORPUS.parent.is_dir():
            pytest.fail(f"no corpus in {CORPUS}, and KAIRAN_REQUIRE_ALL=1")
        pytest.skip(f"no corpus in {CORPUS}")
    counts = json.loads((CORPUS / "counts.json").read_text())
    for path in files:
        document = json.loads(path.read_bytes())
        scalars = {key: value for key, value in document.items() if isinstance(value, str)}
        assert SOURCE.recognises(Shape("object", frozenset(document), scalars)), path
        found = advisories(document)
        assert len(found) == counts[f"osv/{path.name}"]["findings"], path
        (advisory,) = found
        assert isinstance(advisory, Advisory), path
        assert len({alias for alias in advisory.aliases if alias.startswith("CVE-")}) <= 1, path
        assert not (is_distribution_advisory(advisory.external_id) and advisory.aliases), path
