"""Advisories in the Open Source Vulnerability format. https://ossf.github.io/osv-schema/"""

from typing import Any

from kairan.demo.dependabot import ghsa
from kairan.demo.flaws import Flaw

ECOSYSTEMS = {"npm": "npm", "maven": "Maven", "pip": "PyPI", "go": "Go"}

Json = dict[str, Any]


def advisory(flaw: Flaw) -> Json:
    """What is published about a flaw of a language's package."""
    package = {"ecosystem": ECOSYSTEMS[flaw.ecosystem], "name": flaw.package}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": flaw.fixed or flaw.installed}]}]
    return {
        "schema_version": "1.6.0",
        "id": ghsa(flaw),
        "modified": flaw.published,
        "published": flaw.published,
        "aliases": [flaw.id],
        "summary": flaw.title,
        "details": flaw.text,
        "severity": [{"type": "CVSS_V3", "score": flaw.vector}],
        "affected": [{"package": package, "ranges": ranges}],
        "references": [{"type": "ADVISORY", "url": f"https://nvd.nist.gov/vuln/detail/{flaw.id}"}],
        "database_specific": {"cwe_ids": [flaw.cwe], "severity": flaw.severity},
    }


def without_id(flaw: Flaw) -> Json:
    """A record that a broken export wrote: it cannot be used, and is kept with its reason."""
    return {key: value for key, value in advisory(flaw).items() if key != "id"}
