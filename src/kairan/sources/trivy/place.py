"""Where the records of one list stand: asset, scope, and what their target adds to it."""

import re
from dataclasses import dataclass, field
from typing import Any

from kairan.domain.finding import AssetRef
from kairan.sources.trivy.assets import without_os
from kairan.sources.trivy.packages import AGGREGATES, INSTALLED
from kairan.sources.trivy.report import Subject
from kairan.sources.trivy.structs import Result

_REVISION = re.compile(r"\?ref=[^/]*")  # a Terraform module's version, in the path of its files


@dataclass(frozen=True, slots=True)
class Place:
    """`manifest` is the location of packages, `file` that of anything found in a file, `path` where a package lies.

    All three are free of versions but `path`, which goes into the occurrence.
    """

    asset: AssetRef
    scope: int
    subject: Subject
    type: str = ""
    manifest: str = ""
    file: str = ""
    path: str = ""
    occurrence: dict[str, Any] = field(default_factory=dict)


def place_of(subject: Subject, scope: int, result: Result) -> Place:
    target, type_ = result.Target or "", result.Type or ""
    in_package_files = result.Class == "lang-pkgs" or (not result.Class and not target.endswith(")"))
    in_manifest = subject.manifests and in_package_files and type_ not in INSTALLED
    return Place(
        asset=subject.asset,
        scope=scope,
        subject=subject,
        type=type_,
        manifest=subject.at(target if in_manifest else ""),
        file=subject.at(file_of(subject, result)),
        path=target if in_package_files and not in_manifest and target not in AGGREGATES else "",
        occurrence=subject.occurrence,
    )


def file_of(subject: Subject, result: Result) -> str:
    """The target where it is a file. One that repeats the artifact (and so its tag and system) is none."""
    target = result.Target or ""
    if result.Class == "os-pkgs" or (subject.reference and without_os(target) == subject.reference):
        return ""
    return file_in(subject, target)


def file_in(subject: Subject, target: str) -> str:
    """A file's path; within an image Trivy's versions differ in the leading slash."""
    path = _REVISION.sub("", target) if "?ref=" in target else target
    return path.lstrip("/") if subject.asset.kind == "image" else path
