"""Scopes whose absence means something else than "fixed": sources to come rely on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from kairan.domain.finding import Absence, Advisory, AssetRef, Observation, RecordKind, Rejected, ScopeClaim
from kairan.domain.severity import Severity
from tests.reports import NOW, instant

pytestmark = pytest.mark.usefixtures("sound_store")
CLUSTER = AssetRef("cluster", "uid-1", "prod")


@dataclass
class Snapshot:
    """A report of one scope, made by hand."""

    ids: Sequence[str]
    as_of: datetime
    absence: Absence
    title: str = "prod"
    scopes: Sequence[ScopeClaim] = field(init=False)

    def __post_init__(self) -> None:
        self.scopes = (ScopeClaim("cluster:uid-1", RecordKind.VULNERABILITY, "prod", absence=self.absence),)

    @property
    def size(self) -> int:
        return len(self.ids)

    def records(self) -> Iterator[Observation | Rejected]:
        for id_ in self.ids:
            yield Observation(RecordKind.VULNERABILITY, 0, "", id_, CLUSTER, severity=Severity.HIGH)

    def advisories(self) -> Iterator[Advisory | Rejected]:
        return iter(())


def take(absence: Absence, *told: tuple[int, list[str]]) -> None:
    from kairan.services.ingest import Ingest
    from kairan.store.connection import raw_cursor
    from kairan.store.queries import intake, runs

    for number, ids in told:
        with transaction.atomic():
            cursor = raw_cursor()
            source = intake.source_id(cursor, "other", "other", NOW)
            run = runs.begin(cursor, runs.NewRun("test", "test", as_of=instant(number)), source, NOW)
            Ingest(cursor, run, source, 1, instant(number), NOW).take(Snapshot(ids, instant(number), absence), print)
            runs.finish(cursor, run, "done", {}, "", NOW)


def state() -> dict[str, tuple[Any, ...]]:
    from kairan.store.models import Finding

    rows = Finding.objects.values_list(
        "vulnerability__primary_id", "is_open", "close_reason", "first_seen", "closed_at"
    )
    return {row[0]: row[1:] for row in rows}


def test_what_is_gone_with_its_asset_is_not_called_fixed() -> None:
    take(Absence.ASSET_GONE, (1, ["CVE-2026-0001"]), (2, []))
    assert state() == {"CVE-2026-0001": (False, "asset_gone", instant(1), instant(2))}


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1)])
def test_what_is_gone_with_its_asset_is_so_in_any_order(order: tuple[int, ...]) -> None:
    told = {1: ["CVE-2026-0001"], 2: ["CVE-2026-0001"], 3: []}
    take(Absence.ASSET_GONE, *((number, told[number]) for number in order))
    assert state() == {"CVE-2026-0001": (False, "asset_gone", instant(1), instant(3))}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_where_absence_means_nothing_what_was_seen_once_stays_open(order: tuple[int, ...]) -> None:
    told = {1: ["CVE-2026-0001"], 2: ["CVE-2026-0002"]}
    take(Absence.UNKNOWN, *((number, told[number]) for number in order))
    assert state() == {
        "CVE-2026-0001": (True, "", instant(1), None),
        "CVE-2026-0002": (True, "", instant(2), None),
    }
