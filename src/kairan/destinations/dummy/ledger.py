"""The dummy's messages: kept in memory, and in a file where one is given, so that a killed server remembers."""

import json
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass
class Kept:
    """A message. `edits` are the payloads it had before and has now, oldest first; `hidden_until` a monotonic time."""

    id: str
    channel: str
    marker: str
    payload: dict[str, Any]
    root: str | None
    broadcast: bool
    at: str
    edits: list[dict[str, Any]] = field(default_factory=list)
    deleted: bool = False
    hidden_until: float = 0.0


class GoneError(Exception):
    """There is no such message (any more)."""


class Ledger:
    """All messages by id, in the order in which they came."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock, self._file = threading.Lock(), file
        self.messages: dict[str, Kept] = {}
        if file and file.exists():
            for line in file.read_text().splitlines():
                kept = Kept(**json.loads(line))
                self.messages[kept.id] = kept

    def post(self, channel: str, said: dict[str, Any], hidden: float) -> Kept:
        """Add a message. GoneError where the one it replies to was deleted."""
        with self._lock:
            if said["root"] is not None:
                self._there(channel, said["root"])
            number, now = f"m{len(self.messages) + 1}", datetime.now(UTC).isoformat()
            root, broadcast = said["root"], said["broadcast"]
            kept = Kept(number, channel, said["marker"], said["payload"], root, broadcast, now)
            kept.hidden_until = time.monotonic() + hidden
            self.messages[number] = kept
            self._keep(kept)
            return kept

    def edit(self, channel: str, number: str, said: dict[str, Any]) -> Kept:
        """Change a message's payload; its marker stays that of its first one."""
        with self._lock:
            kept = self._there(channel, number)
            kept.payload = said["payload"]
            kept.edits.append({"marker": said["marker"], "payload": said["payload"]})
            self._keep(kept)
            return kept

    def delete(self, channel: str, number: str) -> None:
        with self._lock:
            kept = self._there(channel, number)
            kept.deleted = True
            self._keep(kept)

    def listed(self, channel: str, since: str) -> list[dict[str, Any]]:
        """What of a channel can be seen now, from then on."""
        begin, now = datetime.fromisoformat(since), time.monotonic()
        with self._lock:
            return [
                {"id": each.id, "url": url(each), "marker": each.marker, "root": each.root}
                for each in self.messages.values()
                if each.channel == channel and not each.deleted and each.hidden_until <= now
                if datetime.fromisoformat(each.at) >= begin
            ]

    def log(self) -> list[dict[str, Any]]:
        """Everything, for tests: what nobody could see too."""
        with self._lock:
            return [asdict(each) for each in self.messages.values()]

    def _there(self, channel: str, number: str) -> Kept:
        kept = self.messages.get(number)
        if kept is None or kept.channel != channel or kept.deleted:
            raise GoneError
        return kept

    def _keep(self, kept: Kept) -> None:
        if self._file:
            with self._file.open("a") as file:
                file.write(json.dumps(asdict(kept) | {"hidden_until": 0.0}) + "\n")


def url(kept: Kept) -> str:
    return f"https://dummy.example/{kept.channel}/{kept.id}"
