"""AWS Security Hub's findings (ASFF): controls of an account, Inspector's vulnerabilities, EventBridge's events.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from kairan.demo.checks import CONTROLS, Check
from kairan.demo.flaws import Flaw
from kairan.demo.lives import Spans, World
from kairan.demo.organisation import REGION, REPOSITORIES, SHARED, Account, Repository
from kairan.demo.text import sha256
from kairan.demo.trivy import release, tag

_REMEMBERED = 12  # days for which an archived finding is still told
_WATCHED = ("CRITICAL", "HIGH")  # what Inspector is told to report
_PACKAGE_MANAGERS = {"npm": "NODEPKG", "maven": "JAR", "pip": "PYTHONPKG", "go": "GOBINARY"}
_PLATFORMS = {"debian": "DEBIAN_12", "alpine": "ALPINE_LINUX_3_20"}
_NORMALIZED = {"CRITICAL": 90, "HIGH": 70, "MEDIUM": 40, "LOW": 1}

Json = dict[str, Any]


def answer(findings: list[Json]) -> Json:
    """What GetFindings answers."""
    return {"Findings": findings}


def event(account: Account, findings: list[Json], at: datetime) -> Json:
    """What EventBridge carries when Security Hub takes findings in."""
    return {
        "version": "0",
        "id": sha256("event", account.number, at.isoformat())[:32],
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": account.number,
        "time": _at(at),
        "region": REGION,
        "resources": [],
        "detail": {"findings": findings},
    }


def controls(world: World, of: Account, day: int, at: datetime) -> list[Json]:
    """How the account stands in each control that applies to it."""
    applied = [check for check in CONTROLS if check.day <= day]
    return [_control(world, check, of, day, at) for check in applied if _applies(world, check, of)]


def inspector(world: World, of: Account, day: int, at: datetime) -> list[Json]:
    """What Inspector found on the account's instances and, in the shared account, in the images of the registry."""
    found = [each for host in of.hosts for each in _of_host(world, of, host, day, at)]
    if of is SHARED:
        found += [each for repository in REPOSITORIES for each in _of_image(world, repository, day, at)]
    return found


def _control(world: World, check: Check, of: Account, day: int, at: datetime) -> Json:
    fails = _standing(world.lives(check.id, of.number, since=check.day, severity=check.severity), day)
    resource = _resource(check, of)
    number = sha256("control", check.id, of.number)[:12]
    finding = _finding(
        f"arn:aws:securityhub:{REGION}:{of.number}:security-control/{check.id}/finding/{number}", "securityhub", of, at
    )
    return finding | {
        "GeneratorId": f"security-control/{check.id}",
        "Title": check.title,
        "Description": check.text,
        "Resources": [resource],
        "RecordState": "ACTIVE",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "Severity": _severity(check.severity if fails else "INFORMATIONAL"),
        "Workflow": {"Status": "NEW" if fails else "RESOLVED"},
        "Compliance": {
            "Status": "FAILED" if fails else "PASSED",
            "SecurityControlId": check.id,
            "AssociatedStandards": [{"StandardsId": "standards/aws-foundational-security-best-practices/v/1.0.0"}],
        },
        "Remediation": {"Recommendation": {"Text": check.resolution}},
    }


def _of_host(world: World, of: Account, host: str, day: int, at: datetime) -> Iterator[Json]:
    number = f"i-{sha256('host', host)[:17]}"
    resource = {
        "Type": "AwsEc2Instance",
        "Id": f"arn:aws:ec2:{REGION}:{of.number}:instance/{number}",
        "Partition": "aws",
        "Region": REGION,
        "Tags": {"Name": host, "account": of.name},
    }
    fields = {"aws/inspector/resources/1/resourceDetails/awsEc2InstanceDetails/platform": "AMAZON_LINUX_2"}
    for flaw, state in _told(world, host, day):
        yield _inspected(flaw, state, host, of, resource, at) | {"ProductFields": fields}


def _of_image(world: World, of: Repository, day: int, at: datetime) -> Iterator[Json]:
    digest = sha256(of.name, release(of, day))
    where = {"RegistryId": SHARED.number, "RepositoryName": of.name, "ImageDigest": f"sha256:{digest}"}
    resource = {
        "Type": "AwsEcrContainerImage",
        "Id": f"arn:aws:ecr:{REGION}:{SHARED.number}:repository/{of.name}/sha256:{digest}",
        "Partition": "aws",
        "Region": REGION,
        "Details": {"AwsEcrContainerImage": where | {"ImageTags": [tag(of, day)]}},
    }
    path = "aws/inspector/resources/1/resourceDetails/awsEcrContainerImageDetails/platform"
    for flaw, state in _told(world, of.name, day):
        yield _inspected(flaw, state, of.name, SHARED, resource, at) | {"ProductFields": {path: _PLATFORMS[of.system]}}


def _told(world: World, place: str, day: int) -> Iterator[tuple[Flaw, str]]:
    """What is there, and what went away not long ago."""
    for flaw in world.flaws(place, day):
        if flaw.severity not in _WATCHED:
            continue
        if world.is_present(flaw, place, day):
            yield flaw, "ACTIVE"
        elif any(day - _REMEMBERED <= last <= day for _, last in world.spans(flaw, place)):
            yield flaw, "ARCHIVED"


def _inspected(flaw: Flaw, state: str, place: str, of: Account, resource: Json, at: datetime) -> Json:
    number = sha256("inspector", flaw.id, flaw.package, place)[:32]
    finding = _finding(f"arn:aws:inspector2:{REGION}:{of.number}:finding/{number}", "inspector", of, at)
    return finding | {
        "GeneratorId": "AWSInspector",
        "Title": f"{flaw.id} - {flaw.package}",
        "Description": flaw.text,
        "Resources": [resource],
        "RecordState": state,
        "Workflow": {"Status": "NEW"},
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "Severity": _severity(flaw.severity),
        "Vulnerabilities": [_vulnerability(flaw)],
        "Remediation": {"Recommendation": {"Text": "None Provided"}},
    }


def _vulnerability(flaw: Flaw) -> Json:
    version, _, rest = flaw.installed.partition("-")
    in_system = flaw.ecosystem not in _PACKAGE_MANAGERS
    return {
        "Id": flaw.id,
        "VulnerablePackages": [
            {
                "Name": flaw.package,
                "Version": version if in_system else flaw.installed,
                "Epoch": "0",
                "Release": rest if in_system else None,
                "PackageManager": _PACKAGE_MANAGERS.get(flaw.ecosystem, "OS"),
                "FixedInVersion": flaw.fixed or "NotAvailable",
            }
        ],
        "Cvss": [{"Version": "3.1", "BaseScore": flaw.score, "BaseVector": flaw.vector, "Source": "NVD"}],
        "Vendor": {
            "Name": "NVD",
            "Url": f"https://nvd.nist.gov/vuln/detail/{flaw.id}",
            "VendorSeverity": flaw.severity,
        },
        "ReferenceUrls": [f"https://nvd.nist.gov/vuln/detail/{flaw.id}"],
        "EpssScore": flaw.epss,
        "FixAvailable": "YES" if flaw.fixed else "NO",
    }


def _finding(id_: str, product: str, of: Account, at: datetime) -> Json:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": id_,
        "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/{product}",
        "AwsAccountId": of.number,
        "AwsAccountName": of.name,
        "Region": REGION,
        "CreatedAt": _at(at - timedelta(hours=2)),
        "UpdatedAt": _at(at),
    }


def _resource(check: Check, of: Account) -> Json:
    number = sha256("resource", check.where, of.number)[:12]
    ids = {
        "AwsAccount": f"AWS::::Account:{of.number}",
        "AwsEc2SecurityGroup": f"arn:aws:ec2:{REGION}:{of.number}:security-group/sg-{number}",
        "AwsEc2Instance": f"arn:aws:ec2:{REGION}:{of.number}:instance/i-{sha256('host', of.hosts[0])[:17]}",
        "AwsS3Bucket": f"arn:aws:s3:::{of.name}-{number}",
        "AwsRdsDbInstance": f"arn:aws:rds:{REGION}:{of.number}:db:{of.name}",
        "AwsKmsKey": f"arn:aws:kms:{REGION}:{of.number}:key/{number}",
    }
    return {"Type": check.where, "Id": ids[check.where], "Partition": "aws", "Region": REGION}


def _applies(world: World, check: Check, of: Account) -> bool:
    return world.dice("control", check.id, of.number).random() < 0.7


def _standing(spans: Spans, day: int) -> bool:
    return any(first <= day < last for first, last in spans)


def _severity(label: str) -> Json:
    return {"Label": label, "Normalized": _NORMALIZED.get(label, 0), "Original": label}


def _at(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"
