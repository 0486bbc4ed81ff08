"""How this Kairan is called from a terminal: what is told to people has to work where they type it."""

import os
import shutil
import sysconfig
from pathlib import Path
from shlex import quote


def typed(words: str) -> str:
    """A command for a terminal on this machine, whatever folder it is in, on the data folder that is in use here.

    Where the database is elsewhere nothing of that is said: its address holds a password, and who set it knows.
    """
    folder = "" if os.environ.get("DATABASE_URL") else os.environ.get("KAIRAN_DATA", "")
    setting = f"KAIRAN_DATA={quote(str(Path(folder).expanduser().absolute()))} " if folder else ""
    return f"{setting}{_program()} {words}"


def start_for_real() -> str:
    """How to leave the demo: the same program on an empty data folder, where anybody may write."""
    return f"KAIRAN_DATA=~/kairan-data {_program()} up --no-demo"


def _program() -> str:
    """Its bare name where the shell finds just this one; otherwise its place."""
    here = Path(sysconfig.get_path("scripts"), "kairan")
    found = shutil.which("kairan")
    if not here.exists() or (found and Path(found).resolve() == here.resolve()):
        return "kairan"
    return quote(str(here))
