"""The server's settings, fit for the machine it stands on. Written afresh at each start.

An operator's own settings belong in `ALTER SYSTEM SET ...`, which is read after this file and wins.
"""

import os
from pathlib import Path

_MB = 1024 * 1024
_CONTROL_GROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int:
    """What this machine, or the container we are in, has of memory."""
    amounts = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in _CONTROL_GROUP_LIMITS:
        try:
            amounts.append(int(limit.read_text()))
        except (OSError, ValueError):  # absent, or "max"
            continue
    return min(amounts)


def server_settings(memory: int) -> str:
    """The text of `postgresql.conf` for a machine with `memory` bytes."""
    settings = _memory_settings(memory // _MB) | {
        "max_connections": "60",
        # Durability is never traded away.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",  # English: we read a few of them
        "default_text_search_config": "pg_catalog.simple",
        "logging_collector": "off",  # standard error is our bounded file
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        "log_parameter_max_length_on_error": "0",  # values may be secrets
        "log_startup_progress_interval": "5s",  # how we see that recovery gets on
        "update_process_title": "on",
    }
    lines = [f"{name} = '{value}'" for name, value in settings.items()]
    head = "# Written by Kairan at each start. Your own settings: ALTER SYSTEM SET ... (they win over these).\n"
    return head + "\n".join(lines) + "\n"


def _memory_settings(megabytes: int) -> dict[str, str]:
    return {
        "shared_buffers": f"{_between(128, megabytes // 8, 1024)}MB",
        "effective_cache_size": f"{max(256, megabytes // 2)}MB",
        "work_mem": f"{_between(4, megabytes // 512, 32)}MB",
        "maintenance_work_mem": f"{_between(64, megabytes // 32, 512)}MB",
        "dynamic_shared_memory_type": "posix" if _shared_memory_is_roomy() else "mmap",
    }


def _shared_memory_is_roomy() -> bool:
    """Whether parallel queries have room in /dev/shm: a container has 64 MB there unless told otherwise."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 - asked, not written to
    except OSError:
        return os.uname().sysname != "Linux"
    return room.f_frsize * room.f_blocks >= 512 * _MB


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def access_rules() -> str:
    """The text of `pg_hba.conf`: the socket only, and only who the kernel says one is."""
    return "# Written by Kairan at each start.\nlocal all kairan peer map=kairan\n"


def access_map(account: str) -> str:
    """The text of `pg_ident.conf`: the server's account and root may be the role `kairan`."""
    lines = [f'kairan "{name}" kairan' for name in dict.fromkeys((account, "root"))]
    return "# Written by Kairan at each start.\n" + "\n".join(lines) + "\n"
