"""What is damaged: each source's samples, and small reports of the corpus where it is there."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kairan.interfaces import registry
from kairan.runtime import documents

_LARGEST, _EACH = 24_000, 60  # bytes, files of a folder of the corpus
_FOLDERS = ("trivy", "github_dependabot", "aws_securityhub", "osv")


@cache
def whole() -> tuple[bytes, ...]:
    """Documents as they lie there."""
    own = [file for kind in sorted(registry.sources()) for file in _samples(kind)]
    return tuple(file.read_bytes() for file in (*own, *_corpus()))


@cache
def values() -> tuple[Any, ...]:
    """Those of them that are one JSON document."""
    return tuple(value for data in whole() if (value := _value(data)) is not None)


def _samples(kind: str) -> list[Path]:
    return sorted((Path(str(files(f"kairan.sources.{kind}"))) / "tests" / "samples").glob("*.json"))


def _corpus() -> list[Path]:
    from conftest import corpus_folder

    found = []
    for name in _FOLDERS:
        small = [
            path for path in sorted((corpus_folder() / name).rglob("*.json*")) if 2 < path.stat().st_size < _LARGEST
        ]
        found += small[:: max(1, len(small) // _EACH)]
    return found


def _value(data: bytes) -> Any:
    try:
        return json.loads(data.decode(documents.encoding_of(data[:4])[0]))
    except (ValueError, RecursionError):
        return None
