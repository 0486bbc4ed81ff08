"""What the command line says of runs, rejects and imports, as people read it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from tests.reports import day, record, records, report, take

Cli = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.usefixtures("store")


def broken() -> None:
    """A report with one good record and one that has no id."""
    take(report(record("CVE-2026-0001"), {"PkgName": "curl", "Severity": "LOW"}))


def test_runs_are_listed_newest_first(cli: Cli) -> None:
    assert cli("runs").stdout.endswith("kairan import REPORT.json\n")
    take(report(*records(2)))
    broken()
    runs = json.loads(cli("runs", "--json").stdout)
    assert [run["counts"]["rejected"] for run in runs] == [1, 0]
    assert len(cli("runs", "--limit", "1").stdout.splitlines()) == 2


def test_rejects_are_shown_on_a_line_each(cli: Cli) -> None:
    broken()
    [run] = json.loads(cli("runs", "--json").stdout)
    head, line = cli("runs", "--rejects", run["id"]).stdout.splitlines()
    assert head.split() == ["where", "kind", "why", "record"]
    assert '"PkgName"' in line
    [reject] = json.loads(cli("runs", "--rejects", run["id"], "--json").stdout)
    assert json.loads(reject["raw"]) == {"PkgName": "curl", "Severity": "LOW"}


def test_a_run_without_rejects_says_so_and_one_that_is_none_too(cli: Cli) -> None:
    take(report(record()))
    [run] = json.loads(cli("runs", "--json").stdout)
    assert cli("runs", "--rejects", run["id"]).stdout == f"Run {run['id']} rejected nothing.\n"
    missing = cli("runs", "--rejects", run["id"] + 1)
    assert missing.returncode == 2
    assert f"there is no run {run['id'] + 1}" in missing.stderr


def test_a_finding_tells_what_happened_in_words(cli: Cli) -> None:
    from kairan.store.models import Finding

    take(report(record(), at=day(1)), report(record(severity="LOW"), at=day(2)), report(at=day(3)))
    happened = cli("show", f"F-{Finding.objects.get().pk}").stdout.splitlines()[-3:]
    said = [line.split(maxsplit=2)[2].split() for line in happened]
    assert said[0] == ["closed", "reason", "absent", "docker.io/library/shop:1.0"]
    assert said[1][:5] == ["changed", "severity", "high", "→", "low"]
    assert said[2] == ["opened", "docker.io/library/shop:1.0"]


def test_an_import_counts_in_words(cli: Cli, tmp_path: Path) -> None:
    told = tmp_path / "report.json"
    told.write_text(json.dumps(report(*records(2), {"PkgName": "curl"})))
    said = cli("import", told).stdout
    assert "1 of 1 files read: 3 vulnerabilities\n" in said
    assert "kairan runs --rejects RUN" in said


def test_of_what_cannot_be_read_nothing_else_is_said(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("# Notes")
    (tmp_path / "b.json").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    done = cli("import", tmp_path)
    assert done.returncode == 2
    assert done.stdout == "0 of 2 files read\nFindings now: 0 open, 0 closed\n"
    assert "a.json: is not JSON: invalid character (byte 0)\n" in done.stderr
    assert "b.json: is binary, not JSON text\n" in done.stderr


def test_every_command_fits_on_its_line_of_the_help() -> None:
    from kairan.entrypoints.cli import main

    for path, group in groups(main, "kairan"):
        said = group.get_help(click.Context(group, info_name=path, terminal_width=80))
        assert [line for line in said.splitlines()[1:] if line.endswith("...")] == [], path


def groups(group: click.Group, path: str) -> Iterator[tuple[str, click.Group]]:
    yield path, group
    for name, each in group.commands.items():
        if isinstance(each, click.Group):
            yield from groups(each, f"{path} {name}")
