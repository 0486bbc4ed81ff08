"""Which integrations there are: the folder is the plug.

Folders of `kairan/sources` and `kairan/destinations` are listed and imported on first use; third parties come in by
the entry points `kairan.sources` and `kairan.destinations`. Adding one edits no other file.
"""

import pkgutil
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from kairan.domain.errors import ConfigError, OptionError
from kairan.interfaces.destination import Destination
from kairan.interfaces.source import Source


def sources() -> dict[str, Source]:
    """All sources by kind."""
    return cast(dict[str, Source], _load("sources", "SOURCE"))


def destinations() -> dict[str, Destination]:
    """All destinations by kind."""
    return cast(dict[str, Destination], _load("destinations", "DESTINATION"))


def source(kind: str) -> Source:
    """One source. OptionError names the kinds there are."""
    found = sources().get(kind)
    if found is None:
        kinds = ", ".join(sorted(sources()))
        raise OptionError("no_source", "there is no source {kind!r}; there are: {kinds}", kind=kind, kinds=kinds)
    return found


def forget() -> None:
    """List the folders anew (for tests that add one)."""
    _load.cache_clear()


@cache
def _load(group: str, attribute: str) -> dict[str, object]:
    package = import_module(f"kairan.{group}")
    found: dict[str, object] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if module.ispkg:
            name = f"{package.__name__}.{module.name}"
            found[module.name] = _loaded(name, partial(_attribute, name, attribute))
    for point in entry_points(group=f"kairan.{group}"):
        found[point.name] = _loaded(point.value, point.load)
    return found


def _attribute(module: str, attribute: str) -> object:
    return getattr(import_module(module), attribute)


def _loaded(name: str, load: Callable[[], object]) -> object:
    try:
        return load()
    except Exception as error:  # a third party's code may fail in any way
        raise ConfigError(f"the integration {name} cannot be loaded: {error}; mend or remove it") from error
