"""What Security Hub says of a vulnerability, a control or a type of incident: texts that name no resource."""

import re

from kairan.domain.finding import Advisory, Cvss, Epss
from kairan.domain.severity import Severity
from kairan.interfaces.decoding import fraction, instant
from kairan.sources.aws_security_hub.structs import Advice, CvssScore, Finding, Package, Resource, Vulnerability

PUBLISHER = "aws_security_hub"
# `EC2.6 VPC flow logging …`, `1.4 Ensure …`, `PCI.Config.1 …`, `[check11] …`
_PREFIX = re.compile(r"^(?:\[[\w.-]+\]|(?:[A-Za-z]\w*\.)+\d+(?:\.\d+)*|\d+(?:\.\d+)+)\s+(?=\S)")
_LISTS_PACKAGES = re.compile(r"^CVE-\d+-\d+ - ", re.IGNORECASE)
_NOTHING = frozenset({"", "none provided"})
_NO_RECOMMENDATION = Advice()


def of_control(finding: Finding, id_: str) -> Advisory:
    advice = _recommendation(finding)
    return Advisory(
        publisher=PUBLISHER,
        external_id=id_,
        title=_PREFIX.sub("", (finding.Title or "").strip()),
        description=finding.Description or "",
        url=finding.product_field("RecommendationUrl") or advice.Url or "",
        remediation=_told(advice.Text),
    )


def of_type(id_: str) -> Advisory:
    """The texts of an incident speak of one resource at one time: they stand at the finding, not here."""
    return Advisory(publisher=PUBLISHER, external_id=id_, title=id_.rpartition("/")[2].removeprefix("aws:"))


def of_vulnerability(finding: Finding, id_: str, told: Vulnerability, *, alone: bool) -> Advisory:
    """`alone`: the finding's own texts are about this vulnerability and no other."""
    vendor, advice = told.Vendor, _recommendation(finding)
    probability = fraction(told.EpssScore)
    return Advisory(
        publisher=PUBLISHER,
        external_id=id_,
        title=_title(finding, id_) if alone else "",
        description=(finding.Description or "") if alone else "",
        url=(vendor.Url if vendor else "") or (advice.Url if alone else "") or "",
        remediation=_told(advice.Text) if alone else "",
        severity=Severity.parse(vendor.VendorSeverity) if vendor else Severity.UNKNOWN,
        cvss=_cvss(told.Cvss or []),
        references=tuple(dict.fromkeys(url for url in told.ReferenceUrls or () if url)),
        published=instant(vendor.VendorCreatedAt) if vendor else None,
        modified=instant(vendor.VendorUpdatedAt) if vendor else None,
        epss=Epss(id_, probability) if probability is not None else None,
    )


def _title(finding: Finding, id_: str) -> str:
    """Trivy's template keeps the title aside; titles that repeat the id and list packages are none."""
    for resource in finding.Resources or ():
        if (title := _other(resource, "CVE Title")).strip():
            return title
    title = (finding.Title or "").strip()
    return "" if id_.lower() in title.lower() or _LISTS_PACKAGES.match(title) else title


def _recommendation(finding: Finding) -> Advice:
    return (finding.Remediation and finding.Remediation.Recommendation) or _NO_RECOMMENDATION


def _told(text: str | None) -> str:
    plain = (text or "").strip()
    return "" if plain.lower() in _NOTHING else plain


def _cvss(told: list[CvssScore]) -> tuple[Cvss, ...]:
    found = []
    for each in told:
        vector = (each.BaseVector or "").strip()
        version = vector[5:8] if vector.startswith("CVSS:") else (each.Version or "").strip()
        if version:
            found.append(Cvss((each.Source or "aws").strip().lower(), version, vector, _score(each.BaseScore)))
    return tuple(dict.fromkeys(found))


def _score(told: float | str | None) -> float | None:
    try:
        score = float(told) if told is not None else None
    except ValueError:
        return None
    return score if score is not None and 0 <= score <= 10 else None


# ---- Trivy's template: one vulnerability, its package in `Details.Other`
# https://github.com/aquasecurity/trivy/blob/main/contrib/asff.tpl


def by_resource(resource: Resource | None, id_: str) -> Vulnerability:
    """What a resource's details tell of a vulnerability that the finding does not list itself."""
    name = _other(resource, "PkgName")
    package = Package(
        Name=name, Version=_other(resource, "Installed Package"), FixedInVersion=_other(resource, "Patched Package")
    )
    scores = [
        CvssScore(version, _other(resource, f"NvdCvssScore{key}"), _other(resource, f"NvdCvssVector{key}"), "nvd")
        for version, key in (("2.0", "V2"), ("3.1", "V3"))
    ]
    return Vulnerability(
        Id=id_,
        VulnerablePackages=[package] if name.strip() else None,
        Cvss=[score for score in scores if score.BaseScore or score.BaseVector],
    )


def _other(resource: Resource | None, key: str) -> str:
    others = (resource.Details.Other if resource and resource.Details else None) or {}
    value = others.get(key)
    return value if isinstance(value, str) else ""
