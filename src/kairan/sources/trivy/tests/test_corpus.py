"""Every native Trivy file of the corpus: each record is counted once, none is lost."""

import json
import os
import re
from pathlib import Path

import pytest

from kairan.domain.finding import AssetRef, RecordKind, Rejected
from kairan.interfaces.source import Hints, Shape
from kairan.sources.trivy import SOURCE

pytestmark = pytest.mark.corpus

CORPUS = Path(os.environ.get("KAIRAN_CORPUS") or Path(__file__).parents[6] / "shared" / "corpus")
FOREIGN = {".sarif": (), ".json": ("alpine-310.gitlab", "fluentd-multiple-lockfiles.cdx", "so-trivy-image.cdx")}
NAMELESS = {
    "amazonlinux2-gp2-x86-vm": AssetRef("host", "web-1", "web-1"),
    "scb-k8s-results_unexpected-attribute": AssetRef("cluster", "prod", "prod"),
    "scb-local-k8s-scan-result": AssetRef("cluster", "prod", "prod"),
}
EMPTY = {"dd-legacy_no_vuln", "scb-test-empty-report"}


def files() -> list[Path]:
    return sorted((CORPUS / "trivy").glob("*")) if (CORPUS / "trivy").is_dir() else []


def is_native(path: Path) -> bool:
    return path.suffix == ".json" and path.stem not in FOREIGN[".json"]


def test_the_corpus_is_here():
    if files():
        return
    if os.environ.get("KAIRAN_REQUIRE_ALL") == "1" and CORPUS.parent.is_dir():
        pytest.fail(f"no corpus in {CORPUS}, and KAIRAN_REQUIRE_ALL=1")
    pytest.skip(f"no corpus in {CORPUS}")


def shape(path: Path) -> Shape:
    document = json.loads(path.read_bytes())
    first = document[0] if isinstance(document, list) and document else document
    members = first if isinstance(first, dict) else {}
    scalars = {key: value for key, value in members.items() if isinstance(value, str | int | float | bool)}
    type_ = {dict: "object", list: "array"}.get(type(document), "null")
    return Shape(type_, frozenset(members), scalars, len(document or ()))


def expected(path: Path) -> dict[RecordKind, int]:
    counts = json.loads((CORPUS / "counts.json").read_text())[f"trivy/{path.name}"]
    numbers = {RecordKind.VULNERABILITY: counts["findings"]}
    for kind, word in ((RecordKind.MISCONFIGURATION, "misconfigurations/checks"), (RecordKind.SECRET, "secrets")):
        match = re.search(rf"also (\d+) {word}", counts["note"])
        numbers[kind] = int(match[1]) if match else 0
    return numbers


@pytest.mark.parametrize("path", [p for p in files() if is_native(p)], ids=lambda path: path.stem)
def test_every_record_of_a_native_file_is_read_once(path):
    assert SOURCE.recognises(shape(path)) or path.stem in EMPTY
    hinted = NAMELESS.get(path.stem) or (AssetRef("host", "h", "h") if path.stem in EMPTY else None)
    for hint in {None if path.stem not in EMPTY else hinted, hinted}:
        found = dict.fromkeys(expected(path), 0)
        for report in SOURCE.reports(memoryview(path.read_bytes()), Hints(asset=hint)):
            for record in report.records():
                rejected = isinstance(record, Rejected)
                assert rejected == (path.stem in NAMELESS and hint is None), record
                if rejected or record.counted:
                    found[record.kind] += 1
                assert rejected or (record.asset.external_id and record.scope < len(report.scopes))
        assert found == expected(path)


@pytest.mark.parametrize("path", [p for p in files() if not is_native(p)], ids=lambda path: path.name)
def test_other_formats_are_not_claimed(path):
    assert not SOURCE.recognises(shape(path))


@pytest.mark.parametrize("path", [p for p in files() if is_native(p)], ids=lambda path: path.stem)
def test_no_secrets_value_is_left_after_redaction(path):
    data = path.read_bytes()
    clean = SOURCE.redacted(data)
    assert (clean is not None) == bool(re.search(rb'"[Mm]atch"', data))
    assert clean is None or not re.search(rb'"[Mm]atch"\s*:\s*"(?!\*\*\*")', clean)
