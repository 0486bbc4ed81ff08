"""What a finding is about: its kind, the id of what it reports, and the scope it belongs to."""

import re
from dataclasses import dataclass

from kairan.domain.finding import RecordKind
from kairan.domain.vulnerability import normalise_id
from kairan.sources.aws_security_hub.structs import Finding

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.IGNORECASE)
_ARN = re.compile(r"^arn:[^:]*:[^:]*:(?P<region>[^:]*):(?P<account>[^:]*):")
# `aws-foundational-security-best-practices/v/1.0.0/EC2.2`, `…:ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.4`
_STANDARD = re.compile(
    r"(?:^|[:/])(?P<name>[a-z][a-z0-9-]*)/v/(?P<version>[\w.]+)/(?:rule/)?(?P<control>[\w.-]+)$", re.IGNORECASE
)
_SECURITY_CONTROL = re.compile(r"(?:^|/)security-control/(?P<control>[\w.-]+)$", re.IGNORECASE)
_RULE = re.compile(r":ruleset/.*/rule/(?P<rule>[^/]+)$", re.DOTALL)
_CIS = "cis-aws-foundations-benchmark"
_FIRST_CIS = "1.2.0"
_LONGEST = 200
_CONVERTER, _RULESET = "MITRE/", ":ruleset/set/"  # hdf2asff writes its version and options as types


@dataclass(frozen=True, slots=True)
class Standard:
    """A finding of one standard, as they were before consolidated control findings."""

    name: str
    version: str
    control: str


def kind_of(finding: Finding) -> RecordKind:
    if any((each.Id or "").strip() for each in finding.Vulnerabilities or ()):
        return RecordKind.VULNERABILITY
    if _is_control(finding):
        return RecordKind.MISCONFIGURATION
    if cve_of(finding):
        return RecordKind.VULNERABILITY
    has_verdict = bool(finding.Compliance and finding.Compliance.Status)
    return RecordKind.MISCONFIGURATION if has_verdict and _generator(finding) else RecordKind.OTHER


def _is_control(finding: Finding) -> bool:
    """AWS's own controls and Prowler's checks. A verdict alone may stand on a partner's CVE, too."""
    if finding.Compliance and finding.Compliance.SecurityControlId:
        return True
    generator = _generator(finding)
    return bool(_SECURITY_CONTROL.search(generator) or standard_of(finding) or generator.startswith("prowler-"))


def cve_of(finding: Finding) -> str:
    """The CVE that a finding names outside of `Vulnerabilities`, as Trivy's template and partners do."""
    others = [resource.Details.Other for resource in finding.Resources or () if resource.Details]
    told = [other.get("CVE ID") for other in others if other]
    for text in (*told, finding.Id, finding.Title, finding.GeneratorId):
        if isinstance(text, str) and (match := _CVE.search(text)):
            return normalise_id(match[0])
    return ""


def control_id(finding: Finding) -> str:
    """`aws:EC2.2`, whichever standard and form reports it; a CIS number bears its benchmark's version but the first's.

    The numbers of another version of CIS stand for other controls: 3.7 of 1.4.0 is 2.7 of 1.2.0.
    """
    told = finding.Compliance.SecurityControlId if finding.Compliance else None
    generator = _generator(finding)
    if told and told.strip():
        return f"aws:{told.strip()}"
    if match := _SECURITY_CONTROL.search(generator):
        return f"aws:{match['control']}"
    standard = standard_of(finding)
    field = finding.product_field("ControlId") or finding.product_field("RuleId")
    if standard:
        return f"aws:{_in_standard(standard, field or standard.control)}"
    if match := _RULE.search(generator):
        field = field or match["rule"]
    return f"aws:{_short(field or generator)}"


def _in_standard(standard: Standard, control: str) -> str:
    if standard.name.lower() != _CIS:
        return control.removeprefix("CT.")  # Control Tower's own spelling of the same control
    number = control.removeprefix("CIS.")
    return f"CIS.{number}" if standard.version == _FIRST_CIS else f"CIS.v{standard.version}/{number}"


def standard_of(finding: Finding) -> Standard | None:
    for text in (_generator(finding), finding.product_field("StandardsControlArn")):
        if match := _STANDARD.search(text):
            return Standard(match["name"], match["version"], match["control"])
    return None


def type_id(finding: Finding) -> str:
    """What a finding of another kind is: its first type, which does not name the resource or the time."""
    provided = finding.FindingProviderFields
    for types in (finding.Types, provided.Types if provided else None):
        for each in types or ():
            if each.strip() and not each.startswith(_CONVERTER):
                return f"aws:{_short(each)}"
    generator = _generator(finding)
    return f"aws:{_short(generator.partition(_RULESET)[2] or generator) or product_of(finding)}"


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]


def _generator(finding: Finding) -> str:
    return (finding.GeneratorId or "").strip()


# ---- whose finding it is


def account_of(finding: Finding) -> str:
    """The owning account: as told, else from an ARN."""
    if told := (finding.AwsAccountId or "").strip():
        return told
    return _from_arn(finding, "account")


def region_of(finding: Finding) -> str:
    told = (finding.Region or "").strip() or _part(finding.ProductArn, "region")
    if told:
        return told
    regions = [(resource.Region or "").strip() for resource in finding.Resources or ()]
    return next((region for region in regions if region), "") or _from_arn(finding, "region")


def product_of(finding: Finding) -> str:
    """`aws/inspector` of `arn:aws:securityhub:us-east-1::product/aws/inspector`."""
    _, found, product = (finding.ProductArn or "").partition(":product/")
    return (product.strip() if found else "") or "unknown"


def scope_of(finding: Finding) -> str:
    """Account, region and product. Standards that report each for themselves are products of their own.

    One of them that is switched off archives its findings, which says nothing of the same control elsewhere. So does
    the switch to consolidated findings.
    """
    product = product_of(finding)
    if kind_of(finding) is RecordKind.MISCONFIGURATION and (standard := standard_of(finding)):
        product = f"{product}/{standard.name}/v/{standard.version}"
    return f"account:{account_of(finding)}/region:{region_of(finding)}/product:{product}"


def _from_arn(finding: Finding, part: str) -> str:
    resources = [resource.Id for resource in finding.Resources or ()]
    for text in (finding.Id, finding.ProductArn, *resources):
        if found := _part(text, part):
            return found
    return "unknown"


def _part(arn: str | None, part: str) -> str:
    match = _ARN.match(arn or "")
    return match[part].strip() if match else ""
