"""Samples made by hand, and short ways to read them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.finding import AssetRef
from kairan.interfaces.source import Hints
from kairan.sources.trivy import SOURCE
from kairan.sources.trivy.report import TrivyReport

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def sample() -> Callable[[str], Any]:
    return lambda name: json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.fixture
def read() -> Callable[..., TrivyReport]:
    """Read a document that is one report: a sample's name, or JSON values. `asset` is KIND:NAME."""

    def reading(document: Any, asset: str = "", complete: bool | None = None) -> TrivyReport:
        data = (
            (SAMPLES / f"{document}.json").read_bytes() if isinstance(document, str) else json.dumps(document).encode()
        )
        kind, _, name = asset.partition(":")
        hints = Hints(asset=AssetRef(kind, name, name) if asset else None, complete=complete)
        (report,) = SOURCE.reports(memoryview(data), hints)
        return report

    return reading
