"""Connections to the configured destinations: opened on first use, each once, closed together."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from kairan.domain.config import Config
from kairan.domain.config import Destination as Configured
from kairan.domain.errors import ConfigError
from kairan.interfaces import registry
from kairan.interfaces.destination import Carrier, Destination, Surroundings
from kairan.runtime.secrets import secret

TIMEOUT = 15.0  # seconds that one call to a destination may take, unless its settings say otherwise (`timeout`)
_LEAST_LIMIT = timedelta(seconds=2)


class Carriers:
    """The destinations of one configuration. What cannot be opened says so in a ConfigError when it is needed."""

    def __init__(self, config: Config, now: Callable[[], datetime]) -> None:
        self.configured = {each.name: each for each in config.destinations}
        self._now = now
        self._open: dict[str, Carrier] = {}

    @property
    def names(self) -> list[str]:
        """Those whose deliveries can be sent: configured, of a kind that there is."""
        return [name for name, each in self.configured.items() if each.kind in registry.destinations()]

    def kind(self, name: str) -> Destination:
        return registry.destinations()[self.configured[name].kind]

    def timeout(self, name: str) -> timedelta:
        given = self.configured[name].settings.get("timeout", TIMEOUT)
        return timedelta(seconds=float(given) if isinstance(given, int | float) else TIMEOUT)

    def limits(self) -> dict[str, timedelta]:
        """How long after its claim a sender may still be at it: composing, then the call, twice its time limit."""
        return {name: self.timeout(name) * 3 + _LEAST_LIMIT for name in self.names}

    def settles(self) -> dict[str, timedelta]:
        return {name: self.kind(name).settle for name in self.names}

    def pace(self, name: str) -> timedelta:
        given = self.configured[name].settings.get("rate")
        return timedelta(seconds=float(given)) if isinstance(given, int | float) else self.kind(name).pace

    def carrier(self, name: str) -> Carrier:
        """The connection. ConfigError where its settings or secrets do not do."""
        if name not in self._open:
            self._open[name] = self._opened(self.configured[name])
        return self._open[name]

    def close(self) -> None:
        for each in self._open.values():
            each.close()
        self._open.clear()

    def _opened(self, configured: Configured) -> Carrier:
        kind = registry.destinations().get(configured.kind)
        if kind is None:
            raise ConfigError(f"there is no destination of the kind {configured.kind!r}")
        settings: Mapping[str, Any] = kind.check_settings(configured.settings)
        around = Surroundings(secret=secret, now=self._now, shared_channels=frozenset(configured.shared_channels))
        return kind.open(settings, around)


@contextmanager
def carriers(config: Config, now: Callable[[], datetime]) -> Iterator[Carriers]:
    """For as long as the block runs."""
    opened = Carriers(config, now)
    try:
        yield opened
    finally:
        opened.close()
