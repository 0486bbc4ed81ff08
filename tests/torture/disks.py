"""Small disks: a tmpfs that is made as full as a round wants it. Mounting needs root."""

import os
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.torture.ground import Ground, ended, new_home, start_import

ROOM = 1_500  # MB; memory is taken only for what lies there
_SMALL_WAL = "ALTER SYSTEM SET max_wal_size = '64MB'; ALTER SYSTEM SET min_wal_size = '32MB'"


def mount_all(mounted: ExitStack, ground: Ground, kinds: Sequence[str]) -> None:
    """The disks that these kinds of rounds fill."""
    if "full archive" in kinds:
        _mount(mounted, new_home(ground.home / "archive"))
    if "full database" in kinds:
        _mount(mounted, new_home(ground.folder / "disk"))
        ground.kept["disk"] = ground.folder / "disk"


def leave(folder: Path, free: int) -> None:
    """Let a disk have only so many bytes free."""
    used = os.statvfs(folder)
    _resize(folder, (used.f_blocks - used.f_bfree) * used.f_frsize + free)


def empty(folder: Path) -> None:
    """Let there be room again."""
    _resize(folder, ROOM << 20)


def a_home_on_a_small_disk(ground: Ground, first: Path) -> Path:
    """A data folder on a disk of its own, its store made and its log kept short."""
    home: Path = ground.kept["disk"] / "home"
    if not home.exists():
        import psycopg

        from kairan.runtime import postgres

        new_home(home)
        ended(start_import(home, first))
        with postgres.serve(home) as url, psycopg.connect(url, autocommit=True) as connection:
            for setting in _SMALL_WAL.split("; "):
                connection.execute(setting)  # type: ignore[arg-type]
    return home


def _mount(mounted: ExitStack, folder: Path) -> None:
    _run("mount", "-t", "tmpfs", "-o", f"size={ROOM}m,mode=755", "kairan-torture", str(folder))
    mounted.callback(_run, "umount", "--lazy", str(folder))


def _resize(folder: Path, size: int) -> None:
    _run("mount", "-o", f"remount,size={-(-size // 4096) * 4096}", str(folder))


def _run(*words: str) -> None:
    subprocess.run(words, check=True)
