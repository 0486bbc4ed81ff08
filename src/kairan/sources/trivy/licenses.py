"""Licences that a policy of Trivy's rates: one finding for each licence of a package or file."""

import msgspec
from msgspec import Raw

from kairan.domain.errors import RecordError
from kairan.domain.finding import Observation, RecordKind
from kairan.sources.trivy.decoding import severity_of
from kairan.sources.trivy.packages import package_of
from kairan.sources.trivy.place import Place, file_in
from kairan.sources.trivy.report import Reader
from kairan.sources.trivy.structs import License

_decoder = msgspec.json.Decoder(License)


def reader(place: Place, type_: str) -> Reader:
    """`type_` is the package type of the result with the same target: a licence's own result has none."""

    def read(raw: Raw, position: str) -> Observation:
        record = _decoder.decode(raw)
        if not record.Name.strip():
            raise RecordError("Name: is empty")
        told = {
            "category": record.Category,
            "path": record.FilePath,
            "confidence": record.Confidence,
            "link": record.Link,
        }
        return Observation(
            kind=RecordKind.LICENSE,
            scope=place.scope,
            position=position,
            id=f"license:{record.Name.strip()}",
            asset=place.asset,
            package=package_of(record.PkgName, "", type_) if record.PkgName else None,
            location=place.manifest if record.PkgName else _file(record, place),
            severity=severity_of(record.Severity),
            status=record.Category or "",
            occurrence=place.occurrence | {key: value for key, value in told.items() if value},
        )

    return read


def _file(record: License, place: Place) -> str:
    subject = place.subject
    return subject.at(file_in(subject, record.FilePath)) if record.FilePath else place.file
