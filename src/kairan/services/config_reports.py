"""What putting a configuration in force touches: told before it is done, and kept with the version."""

from datetime import datetime

import msgspec


class Count(msgspec.Struct, frozen=True):
    """Open findings of a team ("": nobody's) before and after."""

    team: str
    before: int
    after: int


class Names(msgspec.Struct, frozen=True):
    """What is new, gone, and changed, by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class Told(msgspec.Struct, frozen=True):
    """Messages into one channel of a destination."""

    destination: str
    channel: str
    messages: int


class Cases(msgspec.Struct, frozen=True):
    """What happens to cases, by the code of the event, and who would be told. `is_whole`: everything was looked at."""

    events: dict[str, int] = msgspec.field(default_factory=dict)
    messages: tuple[Told, ...] = ()
    is_whole: bool = True
    why_not: str = ""


class Report(msgspec.Struct, frozen=True):
    """`owners` lists teams whose number of open findings changes; `owners_changed` how many findings change hands.

    `to_route` findings are looked at anew by the rules. `unknown_people` are members nobody here logs in as.
    """

    teams: Names = Names()
    rules: Names = Names()
    destinations: Names = Names()
    ownership_changed: bool = False
    owners_changed: int = 0
    owners: tuple[Count, ...] = ()
    channels_moved: tuple[str, ...] = ()
    to_route: int = 0
    unknown_people: tuple[str, ...] = ()
    cases: Cases | None = None


class Applied(msgspec.Struct, frozen=True):
    """`changed` is False where the file is in force already."""

    version: int
    changed: bool
    report: Report


class Diff(msgspec.Struct, frozen=True):
    """What applying would touch. `against` is the version it was compared with, applied at `since`."""

    changed: bool
    against: int
    report: Report
    since: datetime | None = None
