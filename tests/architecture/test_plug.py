"""The folder is the plug: a new source and a new destination need no edit elsewhere."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kairan.interfaces import registry
from kairan.runtime import clock
from kairan.runtime.object_store import Archive
from kairan.services.intake import Intake, Options
from kairan.store.models import Finding, Source

TOY_SOURCE = '''
"""Toy: one finding a line."""
import json
from kairan.domain.finding import AssetRef, Observation, RecordKind, ScopeClaim
from kairan.domain.severity import Severity

class Report:
    as_of = None
    def __init__(self, told): self.told = told
    @property
    def title(self): return self.told["toy"]
    @property
    def scopes(self): return [ScopeClaim(self.title, RecordKind.VULNERABILITY, self.title)]
    @property
    def size(self): return len(self.told["ids"])
    def records(self):
        asset = AssetRef("application", self.title, self.title)
        for n, each in enumerate(self.told["ids"]):
            yield Observation(RecordKind.VULNERABILITY, 0, f"ids[{n}]", each, asset, severity=Severity.HIGH)
    def advisories(self): return iter(())

class Toy:
    kind, title, parser_version = "toy", "Toy scanner", 1
    def recognises(self, shape): return "toy" in shape.keys
    def reports(self, data, hints): yield Report(json.loads(bytes(data)))
    def redacted(self, data): return None

SOURCE = Toy()
'''
TOY_DESTINATION = '"""Toy."""\nclass Toy:\n    kind, title = "toy", "Toy channel"\nDESTINATION = Toy()\n'


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two folders, put where the packages look for theirs."""
    for group, text in (("sources", TOY_SOURCE), ("destinations", TOY_DESTINATION)):
        folder = tmp_path / group / "toy"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text)
        package = importlib.import_module(f"kairan.{group}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / group)])
    registry.forget()
    yield
    registry.forget()
    for name in ("kairan.sources.toy", "kairan.destinations.toy"):
        sys.modules.pop(name, None)


def test_a_toy_source_needs_only_its_folder(toys: None, store: None, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"toy": "shop", "ids": ["CVE-2026-1", "CVE-2026-2"]}))

    result = Intake(Options(), Archive.configured(), clock.now).read_all([(str(report), None)])

    assert result.counts.outcomes["opened"] == 2
    assert Finding.objects.filter(is_open=True, asset__external_id="shop").count() == 2
    assert Source.objects.get().kind == "toy"


def test_a_toy_destination_needs_only_its_folder(toys: None) -> None:
    assert registry.destinations()["toy"].title == "Toy channel"
