"""The key that signs sessions: given by the operator, or made once and kept in the data folder."""

import os
import secrets
from pathlib import Path


def secret_key() -> str:
    """`KAIRAN_SECRET_KEY`, else the data folder's own (mode 0600, made on first use)."""
    if given := os.environ.get("KAIRAN_SECRET_KEY"):
        return given
    from kairan.runtime.postgres import default_data_dir

    path = default_data_dir() / "secret-key"
    try:
        return path.read_text()
    except FileNotFoundError:
        return _make(path)


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(48))
    try:
        os.link(made, path)  # the first process wins, whoever else is starting
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return path.read_text()
