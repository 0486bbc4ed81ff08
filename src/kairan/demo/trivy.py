"""Trivy's own JSON: reports about images and repositories. https://trivy.dev/latest/docs/configuration/reporting/#json"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from kairan.demo.checks import DOCKERFILE, SECRETS, TERRAFORM, Check
from kairan.demo.flaws import Flaw
from kairan.demo.lives import World
from kairan.demo.organisation import Repository
from kairan.demo.text import instant, language_purl, sha256

_SYSTEMS = {"debian": ("debian", "12.8"), "alpine": ("alpine", "3.20.3")}
_TYPES = {"npm": "npm", "maven": "pom", "pip": "pip", "go": "gomod"}
_TYPES_IN_IMAGES = {"npm": "node-pkg", "maven": "jar", "pip": "python-pkg", "go": "gobinary"}
_HEAVY = "warehouse-batch"  # is released once in four weeks, and scanned once a week

Json = dict[str, Any]


def release(repository: Repository, day: int) -> int:
    """How often it was released until this day."""
    if repository.name == _HEAVY:
        return (day + 8) // 28
    return (day + len(repository.name)) // (11 + len(repository.name) % 5)


def image(world: World, repository: Repository, day: int, at: datetime, *, blind: bool = False) -> Json:
    """A scan of the image that is deployed on this day. `blind`: the scanner's database was empty."""
    return {
        "SchemaVersion": 2,
        "CreatedAt": instant(at),
        "ArtifactName": f"{repository.image}:{tag(repository, day)}",
        "ArtifactType": "container_image",
        "Metadata": metadata(repository, day),
        "Results": list(image_results(world, repository, day, blind=blind)),
    }


def tag(repository: Repository, day: int) -> str:
    return f"1.{release(repository, day)}"


def metadata(repository: Repository, day: int) -> Json:
    family, version = _SYSTEMS[repository.system]
    digest = sha256(repository.name, release(repository, day))
    name = f"{repository.image}:{tag(repository, day)}"
    return {
        "OS": {"Family": family, "Name": version},
        "ImageID": f"sha256:{sha256('id', digest)}",
        "DiffIDs": [f"sha256:{sha256('layer', repository.system)}", f"sha256:{sha256('layer', digest)}"],
        "RepoTags": [name],
        "RepoDigests": [f"{repository.image}@sha256:{digest}"],
        "ImageConfig": {"architecture": "amd64", "os": "linux"},
    }


def image_results(world: World, repository: Repository, day: int, *, blind: bool = False) -> Iterator[Json]:
    """The system's packages, then the language's."""
    name = f"{repository.image}:{tag(repository, day)}"
    family, version = _SYSTEMS[repository.system]
    known, present = world.flaws(repository.name, day), world.present(repository.name, day)
    yield {
        "Target": f"{name} ({family} {version})",
        "Class": "os-pkgs",
        "Type": family,
        "Packages": _packages([flaw for flaw in known if flaw.ecosystem == family]),
        "Vulnerabilities": [] if blind else [_vulnerability(flaw) for flaw in present if flaw.ecosystem == family],
    }
    kind = _TYPES_IN_IMAGES[repository.ecosystem]
    target = {"jar": "Java", "node-pkg": "Node.js", "python-pkg": "Python"}.get(kind, f"app/{repository.name}")
    language = [flaw for flaw in present if flaw.ecosystem == repository.ecosystem]
    yield {
        "Target": target,
        "Class": "lang-pkgs",
        "Type": kind,
        "Vulnerabilities": [_vulnerability(f) for f in language],
    }


def repository(world: World, of: Repository, day: int, at: datetime) -> Json:
    """A scan of the repository: what its manifest asks for, its Dockerfile and Terraform, and secrets left in it."""
    language = [flaw for flaw in world.present(of.name, day) if flaw.ecosystem == of.ecosystem]
    known = [flaw for flaw in world.flaws(of.name, day) if flaw.ecosystem == of.ecosystem]
    dependencies = {
        "Target": of.manifest,
        "Class": "lang-pkgs",
        "Type": _TYPES[of.ecosystem],
        "Packages": _packages(known),
        "Vulnerabilities": [_vulnerability(flaw) for flaw in language],
    }
    address = f"https://github.com/{of.full_name}"
    return {
        "SchemaVersion": 2,
        "CreatedAt": instant(at),
        "ArtifactName": address,
        "ArtifactType": "repository",
        "Metadata": {"RepoURL": address, "Branch": "main", "Commit": sha256(of.name, day)[:40]},
        "Results": [
            dependencies,
            _configuration(world, of, "Dockerfile", "dockerfile", DOCKERFILE, day),
            _configuration(world, of, "infra/main.tf", "terraform", TERRAFORM, day),
            _configuration(world, of, "infra/network.tf", "terraform", TERRAFORM, day),
            *_secrets(world, of, day),
        ],
    }


def without_asset(world: World, day: int, at: datetime) -> Json:
    """A scan of a disk image that nobody gave a name: its records cannot be put anywhere."""
    found = [flaw for flaw in world.present("label-printer-1", day) if flaw.ecosystem == "amazon"]
    result = {"Target": "disk.img (amazon 2)", "Class": "os-pkgs", "Type": "amazon", "Packages": _packages(found)}
    return {
        "SchemaVersion": 2,
        "CreatedAt": instant(at),
        "ArtifactName": "disk.img",
        "ArtifactType": "vm",
        "Metadata": {"OS": {"Family": "amazon", "Name": "2"}},
        "Results": [result | {"Vulnerabilities": [_vulnerability(flaw) for flaw in found]}],
    }


def misconfiguration(check: Check, *, kind: str, message: str, resource: str = "", passed: bool = False) -> Json:
    return {
        "Type": f"{kind} security check",
        "ID": check.id,
        "AVDID": f"AVD-{check.id}",
        "Title": check.title,
        "Description": check.text,
        "Message": message,
        "Resolution": check.resolution,
        "Severity": check.severity,
        "PrimaryURL": f"https://avd.aquasec.com/misconfig/{check.id.lower()}",
        "Status": "PASS" if passed else "FAIL",
        "CauseMetadata": {"Resource": resource, "Provider": kind.title(), "Service": "general"},
    }


def _configuration(world: World, of: Repository, file: str, kind: str, checks: Sequence[Check], day: int) -> Json:
    applied = [check for check in checks if check.where == file and check.day <= day]
    told = [(check, not _fails(world, check, of.name, day)) for check in applied]
    found = [misconfiguration(c, kind=kind, message=c.text, resource=file, passed=passed) for c, passed in told]
    failures = sum(not passed for _, passed in told)
    summary = {"Successes": len(told) - failures + 12, "Failures": failures}
    return {"Target": file, "Class": "config", "Type": kind, "MisconfSummary": summary, "Misconfigurations": found}


def _fails(world: World, check: Check, place: str, day: int) -> bool:
    """Most places never break a rule; the others do for a while."""
    if world.dice("check", check.id, place).random() > 0.45:
        return False
    return _is_wrong(world, check, place, day)


def _secrets(world: World, of: Repository, day: int) -> Iterator[Json]:
    for check in SECRETS:
        if world.dice("secret", check.id, of.name).random() < 0.2 and _is_wrong(world, check, of.name, day):
            line = 3 + len(of.name)
            code = {"Number": line, "Content": check.resolution, "IsCause": True}
            found = {"RuleID": check.id, "Category": check.text, "Severity": check.severity, "Title": check.title}
            where = {"StartLine": line, "EndLine": line, "Match": check.resolution, "Code": {"Lines": [code]}}
            yield {"Target": check.where, "Class": "secret", "Secrets": [found | where]}


def _is_wrong(world: World, check: Check, place: str, day: int) -> bool:
    spans = world.lives(check.id, place, since=check.day, severity=check.severity)
    return any(first <= day < last for first, last in spans)


def _packages(flaws: Sequence[Flaw]) -> list[Json]:
    """The packages that are installed, each once."""
    told: dict[str, Json] = {}
    for flaw in flaws:
        name = {"ID": f"{flaw.package}@{flaw.installed}", "Name": flaw.package, "Version": flaw.installed}
        told[flaw.package] = name | {"SrcName": flaw.package, "Identifier": {"PURL": _purl(flaw)}}
    return list(told.values())


def _purl(flaw: Flaw) -> str:
    if flaw.ecosystem == "debian":
        return f"pkg:deb/debian/{flaw.package}@{flaw.installed}?arch=amd64&distro=debian-12.8"
    if flaw.ecosystem == "alpine":
        return f"pkg:apk/alpine/{flaw.package}@{flaw.installed}?arch=x86_64&distro=3.20.3"
    if flaw.ecosystem == "amazon":
        return f"pkg:rpm/amazon/{flaw.package}@{flaw.installed}?arch=x86_64&distro=amazon-2"
    return language_purl(flaw)


def _vulnerability(flaw: Flaw) -> Json:
    in_language = flaw.ecosystem in _TYPES
    return {
        "VulnerabilityID": flaw.id,
        "PkgID": f"{flaw.package}@{flaw.installed}",
        "PkgName": flaw.package,
        "PkgIdentifier": {"PURL": _purl(flaw)},
        "InstalledVersion": flaw.installed,
        "FixedVersion": flaw.fixed,
        "Status": "fixed" if flaw.fixed else "affected",
        "Severity": flaw.severity,
        "SeveritySource": "ghsa" if in_language else "nvd",
        "PrimaryURL": f"https://avd.aquasec.com/nvd/{flaw.id.lower()}",
        "Title": flaw.title,
        "Description": flaw.text,
        "CweIDs": [flaw.cwe],
        "VendorIDs": [flaw.ghsa] if in_language and flaw.ghsa else [],
        "CVSS": {"nvd": {"V3Vector": flaw.vector, "V3Score": flaw.score}},
        "References": [f"https://nvd.nist.gov/vuln/detail/{flaw.id}"],
        "PublishedDate": flaw.published,
        "LastModifiedDate": flaw.published,
    }
