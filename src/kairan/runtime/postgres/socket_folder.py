"""Where the server's socket lies: a 0700 folder of the account's, with a path short enough for a Unix socket.

That is `<data>/postgres/run`. Where that path is too long, or has a sign that parts lists of hosts, it is a folder with
an unguessable name in /tmp, and `run.path` says which.
"""

import contextlib
import os
import stat
from pathlib import Path

from kairan.domain.errors import DatabaseError
from kairan.runtime.postgres.account import Account, owned_folder, take_folder

SOCKET = ".s.PGSQL.5432"
_PATH_BYTES = 103  # Linux takes 107, macOS 103
_SHORT = Path("/tmp")  # noqa: S108 - with an unguessable name, ownership and mode checked


def socket_folder(home: Path, account: Account) -> Path:
    """Find or make the folder. Raises DatabaseError when it cannot be made."""
    inside = home / "run"
    try:
        if _is_fit(inside):
            with contextlib.suppress(FileExistsError):
                inside.mkdir(mode=0o700)
            take_folder(inside, account)
            return inside
        return _recorded(home, account) or _new(home, account)
    except OSError as error:
        raise DatabaseError(f"No folder for PostgreSQL's socket can be made: {error}") from error


def forget_socket_folder(home: Path, folder: Path) -> None:
    """Remove an empty folder outside the data folder, after the server has gone."""
    if folder.parent != home:
        with contextlib.suppress(OSError):
            folder.rmdir()
            _record(home).unlink()


def _is_fit(folder: Path) -> bool:
    path = os.fsencode(folder / SOCKET)
    return len(path) <= _PATH_BYTES and not set(b',"\\\n') & set(path)


def _record(home: Path) -> Path:
    return home / "run.path"


def _recorded(home: Path, account: Account) -> Path | None:
    """The folder noted before, if it is still there and still only ours."""
    try:
        folder = Path(_record(home).read_text().strip())
        found = folder.lstat()
    except (OSError, ValueError):
        return None
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid and stat.S_IMODE(found.st_mode) == 0o700
    return folder if ours and folder.parent == _SHORT else None


def _new(home: Path, account: Account) -> Path:
    folder = owned_folder(account, _SHORT, "kairan-")
    try:
        account.write(_record(home), f"{folder}\n")
    except DatabaseError:
        folder.rmdir()
        raise
    return folder
