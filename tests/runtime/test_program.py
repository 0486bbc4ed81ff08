"""What people are told to type works where they type it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from kairan.runtime.program import start_for_real, typed


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of Kairan's, and a shell that knows no kairan."""
    for name in ("DATABASE_URL", "KAIRAN_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_it_runs_from_any_folder_without_a_path(tmp_path: Path) -> None:
    done = subprocess.run(["/bin/sh", "-c", typed("version")], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kairan ")


def test_its_bare_name_is_enough_where_the_shell_finds_just_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = typed("").split()[0]
    (tmp_path / "kairan").symlink_to(ours)
    assert typed("runs") == "kairan runs"
    (tmp_path / "kairan").unlink()
    shutil.copy("/bin/true", tmp_path / "kairan")
    assert typed("runs") == f"{ours} runs"


def test_it_names_the_data_folder_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAIRAN_DATA", "my data")
    assert typed("runs").startswith(f"KAIRAN_DATA='{tmp_path}/my data' ")


def test_nothing_of_a_database_elsewhere_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIRAN_DATA", "/srv/kairan")
    monkeypatch.setenv("DATABASE_URL", "postgresql://kairan:secret@db/kairan")
    assert "=" not in typed("runs")


def test_leaving_the_demo_needs_no_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIRAN_DATA", "/of/the/demo")
    assert start_for_real().startswith("KAIRAN_DATA=~/kairan-data ")
    assert start_for_real().endswith("/kairan up --no-demo")
