"""Misconfigurations: a failed control is a finding like any other, known by its check's id."""

import re
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Advisory, EndReason, Observation, RecordKind
from kairan.sources.trivy.decoding import severity_of
from kairan.sources.trivy.place import Place
from kairan.sources.trivy.report import Reader
from kairan.sources.trivy.structs import Cause, Misconfiguration

_decoder = msgspec.json.Decoder(Misconfiguration)
_CHECK = re.compile(r"^(?:AVD-)?(?P<group>[A-Z]+(?:-[A-Z]+)*?)-?(?P<number>\d+)$", re.IGNORECASE)
_ENDS = {"PASS": EndReason.REPORTED_FIXED, "EXCEPTION": EndReason.SUPPRESSED}
_NOTHING = Cause()


@lru_cache(maxsize=10_000)
def check_id(value: str) -> str:
    """One spelling over Trivy's versions: `AVD-KSV-0014`, `KSV014` and `KSV-0014` are `KSV-0014`."""
    text = value.strip()
    match = _CHECK.match(text)
    if not match:
        return text
    return f"{match['group'].upper()}-{int(match['number']):04d}"


def reader(place: Place) -> Reader:
    def read(raw: Raw, position: str) -> Observation:
        record = _decoder.decode(raw)
        check = next((id_ for id_ in (record.AVDID, record.ID, record.Namespace) if id_ and id_ != "N/A"), "")
        if not check.strip():
            raise RecordError("ID: is missing")
        id_ = f"trivy:{check_id(check)}"
        cause = record.CauseMetadata or _NOTHING
        status = record.Status or "FAIL"  # before there were statuses only failures were written
        return Observation(
            kind=RecordKind.MISCONFIGURATION,
            scope=place.scope,
            position=position,
            id=id_,
            asset=place.asset,
            location="#".join(part for part in (place.file, cause.Resource or "") if part),
            severity=severity_of(record.Severity),
            status=status,
            occurrence=_occurrence(record, cause, place),
            advisory=_advisory(record, id_),
            open=status not in _ENDS,
            end_reason=_ENDS.get(status),
        )

    return read


def _occurrence(record: Misconfiguration, cause: Cause, place: Place) -> dict[str, Any]:
    told = {
        "message": record.Message,
        "provider": cause.Provider,
        "service": cause.Service,
        "start_line": cause.StartLine,
        "end_line": cause.EndLine,
    }
    return place.occurrence | {key: value for key, value in told.items() if value}


def _advisory(record: Misconfiguration, id_: str) -> Advisory:
    return Advisory(
        publisher="trivy",
        external_id=id_,
        title=record.Title or "",
        description=record.Description or "",
        url=record.PrimaryURL or "",
        remediation=record.Resolution or "",
        references=tuple(record.References or ()),
    )
