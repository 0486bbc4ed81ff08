"""An example of each answer, made from its schema: so it never lags behind it."""

from collections.abc import Mapping
from typing import Any

_MEMBERS: Mapping[str, Any] = {
    "next": "bnVtYmVyLjAuMTIz",
    "title": "Buffer overflow in X.509 certificate verification",
    "description": "A buffer overrun can be triggered in …",
    "vulnerability": "CVE-2022-3602",
    "identifiers": ["CVE-2022-3602", "GHSA-8rwr-x37p-mx23"],
    "ids": ["CVE-2022-3602", "GHSA-8rwr-x37p-mx23"],
    "reported_as": "CVE-2022-3602",
    "left": "CVE-2022-3602",
    "right": "GHSA-8rwr-x37p-mx23",
    "publisher": "osv",
    "url": "https://nvd.nist.gov/vuln/detail/CVE-2022-3602",
    "links": ["https://www.openssl.org/news/secadv/20221101.txt"],
    "cwes": ["CWE-120"],
    "by": "nvd",
    "asset_kind": "image",
    "asset": "docker.io/library/nginx",
    "asset_external_id": "docker.io/library/nginx",
    "external_id": "docker.io/library/nginx",
    "names": ["docker.io/library/nginx"],
    "namespaces": ["shop"],
    "clusters": ["production"],
    "package": "openssl",
    "ecosystem": "deb",
    "installed": "3.0.2-0ubuntu1.6",
    "fixed": "3.0.2-0ubuntu1.7",
    "status": "fixed",
    "severity_source": "nvd",
    "source": "trivy",
    "source_kind": "trivy",
    "sources": ["trivy"],
    "scope": "docker.io/library/nginx",
    "scope_kind": "vulnerability",
    "occurrences": [{"tag": "1.25"}],
    "end_reason": "",
    "kind": "vulnerability",
    "params": {"severity": [3, 4]},
    "run": "docker.io/library/nginx:1.25",
    "name": "report.json",
    "person": "Hanako",
    "report": "report.json",
    "reason": "it would close 120 of 150",
    "raw": "{}",
    "decided_by": "",
    "error": "",
    "trigger": "import",
    "options": {"source": "trivy"},
    "meaning": "The address is wrong, or what it names does not exist.",
}
_ABSENT = {"closed_at", "ended_at", "withdrawn_at", "decided_at", "held", "upload", "same_as"}
_OF_TYPE = {"string": "", "integer": 1, "number": 7.5, "boolean": False, "null": None}


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """What a value of this schema may look like."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if said := schema.get("examples"):
        return said[0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: _member(name, each, schemas) for name, each in schema.get("properties", {}).items()}
    return _OF_TYPE.get(schema.get("type", ""), "")


def _member(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    said = "examples" in schema or "$ref" in schema or "$ref" in schema.get("items", {})
    if name in _ABSENT and "anyOf" in schema:
        return None
    if not said and name in _MEMBERS and schema.get("type") != "integer":
        return _MEMBERS[name]
    return example(schema, schemas)
