"""Samples made by hand, and short ways to read them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.asset import parse_asset
from kairan.domain.finding import Observation, Rejected
from kairan.interfaces.source import Hints
from kairan.sources.aws_security_hub import SOURCE
from kairan.sources.aws_security_hub.parse import SecurityHubReport

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def sample() -> Callable[[str], Any]:
    return lambda name: json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.fixture
def reports() -> Callable[..., list[SecurityHubReport]]:
    """The reports of a sample (its name), of bytes, or of JSON values."""

    def reading(document: Any, asset: str = "", complete: bool | None = None) -> list[SecurityHubReport]:
        if isinstance(document, str):
            document = (SAMPLES / f"{document}.json").read_bytes()
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        hints = Hints(asset=parse_asset(asset) if asset else None, complete=complete)
        return list(SOURCE.reports(memoryview(data), hints))

    return reading


@pytest.fixture
def read(reports) -> Callable[..., list[Observation | Rejected]]:
    """All records of all reports."""
    return lambda *args, **more: [record for report in reports(*args, **more) for record in report.records()]
