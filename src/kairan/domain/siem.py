"""Where else a case can be looked at: the advisory databases, and the company's SIEM by its address templates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from kairan.domain.config import Links
from kairan.domain.message import Link

ADVISORIES = "https://github.com/advisories/"
NVD = "https://nvd.nist.gov/vuln/detail/"


def links_of(ids: Sequence[str], window: tuple[datetime, datetime], templates: Links) -> tuple[Link, ...]:
    """The links of a case with these ids: `advisory`, each CVE id by its own name, `siem_discover`,
    `siem_dashboard`."""
    ghsa = next((each for each in ids if each.startswith("GHSA-")), "")
    found = [Link("advisory", ADVISORIES + quote(ghsa, safe=""))] if ghsa else []
    found += [Link(each, NVD + quote(each, safe="")) for each in ids if each.startswith("CVE-")]
    for label, template in (("siem_discover", templates.siem_discover), ("siem_dashboard", templates.siem_dashboard)):
        if filled := _filled(template, ids, window):
            found.append(Link(label, filled))
    return tuple(found)


def _filled(template: str, ids: Sequence[str], window: tuple[datetime, datetime]) -> str:
    """A template with its places filled; "" where the case has not what it asks for: the link would show all."""
    known = {
        "{ghsaId}": next((each for each in ids if each.startswith("GHSA-")), ""),
        "{cve}": next((each for each in ids if each.startswith("CVE-")), ""),
        "{from}": _instant(window[0]),
        "{to}": _instant(window[1]),
    }
    for place, value in known.items():
        if place in template:
            if not value:
                return ""
            template = template.replace(place, quote(value, safe=""))
    return template


def _instant(instant: datetime) -> str:
    """As OpenSearch's pages have it: 2023-03-31T15:00:00.000Z."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
