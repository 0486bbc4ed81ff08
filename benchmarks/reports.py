"""Trivy reports as large as wished: seeded, and no two records alike but where scanners repeat themselves."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORDS = [
    "buffer",
    "overflow",
    "parser",
    "allows",
    "remote",
    "attackers",
    "execute",
    "arbitrary",
    "code",
    "crafted",
    "request",
    "denial",
    "service",
    "memory",
    "corruption",
    "use",
    "after",
    "free",
    "integer",
    "header",
    "validation",
    "input",
    "missing",
    "bounds",
    "check",
    "session",
    "token",
    "leak",
    "privilege",
    "escalation",
    "path",
    "traversal",
    "archive",
    "extraction",
    "race",
    "condition",
    "kernel",
    "module",
    "driver",
    "certificate",
    "chain",
    "signature",
]
CREATED = "2026-11-01T00:00:00Z"


def vulnerability(number: int, package: int, bytes_of_text: int = 500) -> dict[str, Any]:
    """One record: of the CVE `number` in the package `package`; what is said of a CVE is always the same."""
    dice = random.Random(number)
    name = f"lib{package % 4_000}"
    text = " ".join(dice.choices(WORDS, k=max(8, bytes_of_text // 8)))
    cve = f"CVE-{2010 + number % 16}-{10_000 + number}"
    version = f"{1 + number % 9}.{number % 13}.{number % 7}-{1 + package % 5}"
    return {
        "VulnerabilityID": cve,
        "PkgID": f"{name}@{version}",
        "PkgName": name,
        "PkgIdentifier": {"PURL": f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12.8", "UID": f"{dice.getrandbits(64):016x}"},
        "InstalledVersion": version,
        "FixedVersion": f"{version}+deb12u{1 + number % 4}" if number % 3 else "",
        "Status": "fixed" if number % 3 else "affected",
        "Layer": {"DiffID": f"sha256:{package % 20:064x}"},
        "SeveritySource": "debian",
        "PrimaryURL": f"https://avd.aquasec.com/nvd/{cve.lower()}",
        "DataSource": {"ID": "debian", "Name": "Debian Security Tracker", "URL": "https://salsa.debian.org/security-tracker-team/security-tracker"},
        "Title": f"{name}: {text[:60]}",
        "Description": text,
        "Severity": ("LOW", "MEDIUM", "MEDIUM", "HIGH", "CRITICAL")[number % 5],
        "CweIDs": [f"CWE-{20 + number % 700}"],
        "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": 9.8}},
        "References": [f"https://nvd.nist.gov/vuln/detail/{cve}", f"https://www.cve.org/CVERecord?id={cve}"],
        "PublishedDate": "2024-03-04T05:06:07Z",
        "LastModifiedDate": "2026-05-06T07:08:09.123Z",
    }  # fmt: skip


def report(image: str, created: str, records: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The text of a report about an image, in pieces."""
    head = {
        "SchemaVersion": 2,
        "CreatedAt": created,
        "ArtifactName": f"registry.example.com/{image}:1.0",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.8"},
            "ImageID": "sha256:" + "1" * 64,
            "RepoTags": [f"registry.example.com/{image}:1.0"],
        },
    }
    target = {"Target": f"{image} (debian 12.8)", "Class": "os-pkgs", "Type": "debian"}
    yield json.dumps(head)[:-1] + ', "Results": [' + json.dumps(target)[:-1] + ', "Vulnerabilities": ['
    for number, each in enumerate(records):
        yield ("," if number else "") + json.dumps(each)
    yield "]}]}"


def write(path: Path, image: str, numbers: range | list[int], created: str = CREATED, bytes_of_text: int = 500) -> None:
    """Write a report of these CVEs; the same CVE lies in the same package everywhere."""
    with path.open("w") as file:
        file.writelines(report(image, created, (vulnerability(n, n, bytes_of_text) for n in numbers)))


def shared(folder: Path, images: int = 20, each: int = 5_000, of: int = 20_000, created: str = CREATED) -> None:
    """`images` reports of `each` findings drawn from `of` CVEs."""
    for image in range(images):
        numbers = sorted(random.Random(image).sample(range(of), each))
        write(folder / f"image-{image:02}.json", f"shop/image-{image}", numbers, created)


def distinct(folder: Path, images: int = 20, each: int = 5_000, created: str = CREATED) -> None:
    """`images` reports that share no CVE."""
    for image in range(images):
        numbers = range(image * each, (image + 1) * each)
        write(folder / f"image-{image:02}.json", f"shop/image-{image}", numbers, created)
