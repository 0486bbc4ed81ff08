"""A hostile report on the command line: nothing that it says steers the terminal, whatever command shows it."""

import subprocess
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from kairan.domain.rights import Role
from kairan.runtime import clock
from tests.hostile import MARK, TERMINAL, write

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def overrun(store: None, cli: Cli, tmp_path: Any) -> Cli:
    done = cli("import", write(tmp_path / "reports"))
    assert done.returncode in (2, 3), done.stderr
    assert steering(done.stdout + done.stderr) == set()
    return cli


def steering(said: str) -> set[str]:
    """Control characters but line ends, and what turns the direction of text."""
    turning = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    return {sign for sign in said if (unicodedata.category(sign) == "Cc" and sign != "\n") or sign in turning}


@pytest.mark.slow
def test_no_command_lets_a_report_steer_the_terminal(overrun: Cli) -> None:
    from kairan.services import people
    from kairan.store.models import Asset, Run

    people.add("hanako", name="", email="", role=Role.VIEWER, by=people.Actor(TERMINAL), now=clock.now())
    run = Run.objects.filter(counts__rejected__gt=0).order_by("pk").values_list("pk", flat=True).first()
    asset = Asset.objects.filter(name__contains="[31m").values_list("name", flat=True).first()
    seen = ""
    for words in (
        ("search",),
        ("search", TERMINAL, "--json"),
        ("count", "--by", "package,asset"),
        ("export", "--format", "csv"),
        ("runs",),
        ("runs", "--rejects", run),
        ("held",),
        ("show", "CVE-2026-6601"),
        ("show", asset, "--json"),
        ("explain", "F-2"),
        ("user", "list"),
        ("user", "disable", TERMINAL),
    ):
        done = overrun(*words)
        assert steering(done.stdout + done.stderr) == set(), words
        seen += done.stdout
    assert MARK in seen
