"""What the kernel says about processes: never trust a pid that was only written down."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc/self/cmdline")


def command_of(pid: int) -> str:
    """The command line of a process, words parted by blanks; empty for one that is gone, or dead and not yet reaped."""
    if _PROC.exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return _ps("-p", str(pid), "-o", "command=")


def pids() -> Iterator[int]:
    """The ids of all processes we may see."""
    if _PROC.exists():
        return (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208 - names are enough
    return (int(word) for word in _ps("-axo", "pid=").split())


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def listener_of(path: Path) -> int | None:
    """The process that listens on a Unix socket, as the kernel tells it; None when nobody does whom we can see."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
            return _peer(client) or None  # 0: in another container
    except OSError:
        return None


def _peer(client: socket.socket) -> int:
    if sys.platform == "darwin":
        return client.getsockopt(0, 2)  # SOL_LOCAL, LOCAL_PEERPID
    pid, _uid, _gid = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)
