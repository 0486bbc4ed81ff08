"""What a destination offers. Filled by the issue that brings deliveries; the registry already lists the folders."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Destination(Protocol):
    """A kind of place where teams are told. Each is one folder in `kairan/destinations/` with one `DESTINATION`."""

    @property
    def kind(self) -> str: ...

    @property
    def title(self) -> str: ...
