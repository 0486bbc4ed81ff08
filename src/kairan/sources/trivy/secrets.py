"""Found secrets: the rule and the place, never the value."""

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Advisory, Observation, RecordKind
from kairan.sources.trivy.decoding import severity_of
from kairan.sources.trivy.place import Place
from kairan.sources.trivy.report import Reader
from kairan.sources.trivy.structs import Secret
from kairan.sources.trivy.vulnerabilities import add_layer

_decoder = msgspec.json.Decoder(Secret)


def reader(place: Place) -> Reader:
    def read(raw: Raw, position: str) -> Observation:
        return observation(_decoder.decode(raw), place, position, place.file)

    return read


def observation(record: Secret, place: Place, position: str, location: str) -> Observation:
    rule = record.RuleID or record.VulnerabilityID or "/".join(p for p in (record.Category, record.Title) if p)
    if not rule.strip():
        raise RecordError("RuleID: is missing")
    id_ = f"trivy:{rule.strip()}"
    told = {
        "category": record.Category,
        "title": record.Title,
        "start_line": record.StartLine,
        "end_line": record.EndLine,
    }
    occurrence = place.occurrence | {key: value for key, value in told.items() if value}
    add_layer(occurrence, record.Layer)
    return Observation(
        kind=RecordKind.SECRET,
        scope=place.scope,
        position=position,
        id=id_,
        asset=place.asset,
        location=location,
        severity=severity_of(record.Severity),
        occurrence=occurrence,
        advisory=Advisory(publisher="trivy", external_id=id_, title=record.Title or ""),
    )
