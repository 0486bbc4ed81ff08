"""Trivy reports made from parameters, and short ways to take them in and to look at the store."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def day(number: int) -> str:
    """An instant of November 2026, as reports write it."""
    return f"2026-11-{number:02d}T00:00:00Z"


def instant(number: int) -> datetime:
    """The same, as the store holds it."""
    return datetime(2026, 11, number, tzinfo=UTC)


def record(
    id: str = "CVE-2026-0001",  # noqa: A002 - the report's own word
    package: str = "openssl",
    *,
    installed: str = "1.0",
    severity: str = "HIGH",
    fixed: str = "",
    status: str = "affected",
    path: str = "",
    **more: Any,
) -> dict[str, Any]:
    """One entry of `Vulnerabilities`."""
    found: dict[str, Any] = {
        "VulnerabilityID": id,
        "PkgName": package,
        "InstalledVersion": installed,
        "Severity": severity,
        "Status": status,
        "FixedVersion": fixed,
    }
    if path:
        found["PkgPath"] = path
    return found | more


def records(count: int, *, start: int = 1, **same: Any) -> list[dict[str, Any]]:
    """`count` different vulnerabilities of one package."""
    return [record(f"CVE-2026-{number:04d}", **same) for number in range(start, start + count)]


def report(
    *entries: dict[str, Any],
    at: str = day(1),
    image: str = "shop:1.0",
    digest: str = "",
    results: Iterable[dict[str, Any]] = (),
    looked: bool = True,
) -> dict[str, Any]:
    """An image's report with these vulnerabilities. `looked`: it shows that packages were looked at."""
    metadata: dict[str, Any] = {"OS": {"Family": "debian", "Name": "12"}, "RepoTags": [image]}
    if digest:
        metadata["RepoDigests"] = [f"{image.partition(':')[0]}@sha256:{digest * 64}"[:84]]
    system = {
        "Target": f"{image} (debian 12)",
        "Class": "os-pkgs",
        "Type": "debian",
        "Vulnerabilities": list(entries) or None,
    }
    return {
        "SchemaVersion": 2,
        "CreatedAt": at,
        "ArtifactName": image,
        "ArtifactType": "container_image",
        "Metadata": metadata,
        "Results": [*([system] if looked else []), *results],
    }


def secret(value: str, *, rule: str = "aws-access-key-id", file: str = "/app/settings.py") -> dict[str, Any]:
    """A result that holds one found secret, with its value where Trivy puts it."""
    line = {"Number": 3, "Content": f'key = "{value}"', "IsCause": True, "FirstCause": True, "LastCause": True}
    found = {
        "RuleID": rule,
        "Category": "AWS",
        "Severity": "CRITICAL",
        "Title": "AWS Access Key ID",
        "StartLine": 3,
        "EndLine": 3,
        "Match": f'key = "{value}"',
        "Code": {"Lines": [line | {"Highlighted": f'key = "{value}"'}]},
    }
    return {"Target": file, "Class": "secret", "Secrets": [found]}


def check(id: str, status: str, *, file: str = "Dockerfile") -> dict[str, Any]:  # noqa: A002
    """A result with one misconfiguration check."""
    found = {"ID": id, "AVDID": id, "Title": "No root", "Severity": "HIGH", "Status": status, "Type": "Dockerfile"}
    return {"Target": file, "Class": "config", "Type": "dockerfile", "Misconfigurations": [found]}


def osv(id_: str, *aliases: str, **more: Any) -> dict[str, Any]:
    """An OSV document that says these ids are one problem."""
    return {"id": id_, "schema_version": "1.7.0", "modified": day(1), "affected": [], "aliases": list(aliases)} | more


def encoded(document: Any) -> bytes:
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def take(*documents: Any, now: datetime = NOW, **options: Any) -> Any:
    """Take documents in, one after the other. Returns the sum of their counts; raises what reading them raises."""
    from kairan.runtime.documents import Document
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options

    intake = Intake(Options(**options), Archive.configured(), lambda: now)
    for number, document in enumerate(documents):
        data = encoded(document)
        intake.read(Document(f"report-{number}.json", memoryview(data), hashlib.sha256(data).digest(), None))
    return intake.result.counts


def outcomes(counts: Any) -> dict[str, int]:
    """The outcomes that happened."""
    return {name: number for name, number in counts.outcomes.items() if number}
