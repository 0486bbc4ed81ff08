"""Imports at the same time leave the store that one after the other leaves; nobody is told of a deadlock."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.reports import day, outcomes, record, report, take
from tests.stores import Rows

pytestmark = pytest.mark.usefixtures("store")
See = Callable[..., dict[str, Rows]]
VIEWS = ("findings", "sightings", "scopes", "names")


def overlapping(dice: random.Random, count: int) -> list[dict[str, Any]]:
    """Reports of three images at several times, nearly the same packages and vulnerabilities in all, in any order."""
    made = []
    for number in range(count):
        entries = [
            record(f"CVE-2026-{n:04d}", f"package-{n % 9}", severity=dice.choice(["LOW", "HIGH"]))
            for n in range(150)
            if dice.random() < 0.8
        ]
        dice.shuffle(entries)
        made.append(report(*entries, image=f"image-{number % 3}:{number}", at=day(1 + number // 3)))
    return made


def alone(document: Any) -> Any:
    from django.db import connections

    try:
        return take(document)
    finally:
        connections.close_all()


def test_threads_leave_the_store_of_one_after_the_other(emptied: Callable[[], None], seen: See) -> None:
    dice = random.Random(5)
    documents = overlapping(dice, 18)
    take(*documents)
    expected = seen(*VIEWS)
    for _ in range(3):
        emptied()
        dice.shuffle(documents)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(alone, documents))
        assert seen(*VIEWS) == expected


def test_the_same_report_eight_times_at_once_opens_its_findings_once(seen: See) -> None:
    one = report(*(record(f"CVE-2026-{n:04d}", f"package-{n % 7}") for n in range(200)))
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(alone, [json.dumps(one, indent=n).encode() for n in range(8)]))
    assert sum(each.outcomes["opened"] for each in counts) == 200
    assert sum(each.outcomes["unchanged"] for each in counts) == 7 * 200
    assert len(seen("findings")["findings"]) == 200


def test_two_images_that_share_everything_but_the_name_do_not_wait_for_ever(seen: See) -> None:
    """Opposite orders of the same shared rows: the classic deadlock."""
    entries = [record(f"CVE-2026-{n:04d}", f"package-{n}") for n in range(300)]
    documents = [report(*(entries if n % 2 else reversed(entries)), image=f"image-{n}:1", at=day(1)) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(alone, documents))
    assert [outcomes(each) for each in counts] == [{"opened": 300}] * 8
    assert len(seen("findings")["findings"]) == 2400


def test_commands_at_once_leave_the_store_of_one_after_the_other(
    cli: Any, emptied: Callable[[], None], seen: See, tmp_path: Path
) -> None:
    documents = overlapping(random.Random(6), 6)
    files = [tmp_path / f"{number}.json" for number in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document))
    assert cli("import", *files).returncode == 0
    expected = seen(*VIEWS)
    emptied()
    orders = [files, files[::-1], files[3:] + files[:3]]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda order: cli("import", *order), orders))
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 3
    assert seen(*VIEWS) == expected
