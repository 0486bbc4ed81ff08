"""Where the configuration's file is."""

import os
from pathlib import Path

from kairan.domain.errors import ConfigError
from kairan.runtime import postgres

VARIABLE = "KAIRAN_CONFIG"
NAME = "kairan.yaml"


def find(named: str | None = None) -> Path:
    """The file: the named one, KAIRAN_CONFIG's, ./kairan.yaml, or that of the data folder.

    ConfigError tells all places where none is.
    """
    found = find_any(named)
    if found is None:
        places = f"./{NAME}, {VARIABLE}, {postgres.default_data_dir() / NAME}"
        raise ConfigError(f"no configuration is found; looked at {places}. Name the file, or write one")
    return found


def find_any(named: str | None = None) -> Path | None:
    """The same, None where there is none. A named one counts even where it does not exist: then that is the mistake."""
    if told := named or os.environ.get(VARIABLE, ""):
        return Path(told)
    return next((each for each in (Path(NAME), postgres.default_data_dir() / NAME) if each.is_file()), None)
