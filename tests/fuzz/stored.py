"""What is fuzzed with a database behind it: whole imports, replays of a damaged archive, pages and API."""

import hashlib
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import zstandard
from django.test import Client
from obstore.store import LocalStore

from kairan.domain.errors import KairanError
from kairan.domain.rights import Role
from kairan.runtime import documents
from kairan.runtime.object_store import Archive, Description
from kairan.services import tokens
from kairan.services.intake import Intake, Options, Result, Watcher
from kairan.services.recognise import recognise
from kairan.services.replay import replay
from kairan.store.models import Person
from kairan.web.api import cursors
from tests.fuzz import seeds
from tests.fuzz.mutate import TEXTS, damaged
from tests.fuzz.targets import NOW, Target, a_query, a_report

_PLACES = ("0:3:1763712000000000:5", "0:1763712000000000:5", "1:1763712000000000:5", "7", "1763712000000000.7")
_API = ("findings", "findings/F-1", "assets", "runs", "runs/1", "runs/1/rejects", "held", "counts", "imports/1")
_PAGES = ("", "findings/", "findings/facets/", "findings/suggestions/", "assets/", "runs/", "runs/1/rejects/", "held/")
_MORE = ("audit/", "vulnerabilities/", "assets/1/", "findings/F-1/", "teams/", "people/", "uploads/", "runs/1/")
_NAMES = (
    "q",
    "sort",
    "by",
    "cols",
    "after",
    "before",
    "cursor",
    "limit",
    "kind",
    "source",
    "only",
    "state",
    "at",
    "key",
)
_VALUES = ("severity", "number", "closed", "oldest", "vulnerability", "team", "1", "0", "-1", "9" * 30, "kind,severity")


def stored_targets(folder: Path) -> tuple[Target, ...]:
    """In the database that Django knows, which has its tables. Archives come to lie in `folder`."""
    take_in = partial(_take_in, Archive(LocalStore(folder, mkdir=True)))
    for data in seeds.whole()[:12]:
        take_in(data)
    ask = _asking()
    return (
        Target("imports", 2, a_report, take_in),
        Target("replays", 1, _a_damaged_archive, partial(_replay, folder.parent)),
        Target("answers", 2, _an_address, ask),
    )


def _take_in(archive: Archive, data: bytes) -> None:
    intake = Intake(Options(), archive, lambda: NOW)
    pieces = (data[at : at + 65_536] for at in range(0, len(data), 65_536))
    _raise_refusal(intake.read_one("fuzz.json", documents.received("fuzz.json", pieces, NOW)))


def _raise_refusal(result: Result) -> None:
    if result.errors:
        raise KairanError(result.errors[0][1])


# --- the archive -----------------------------------------------------------------------------------------------------


def _a_damaged_archive(chance: Random) -> tuple[list[bytes], int, int]:
    """Two answers; which of their four files is damaged, and how."""
    return chance.sample(seeds.whole()[:30], 2), chance.randrange(4), chance.getrandbits(32)


def _replay(folder: Path, made: tuple[list[bytes], int, int]) -> None:
    """What is damaged is named; the other answer is read."""
    answers, which, how = made
    with tempfile.TemporaryDirectory(dir=folder) as home:
        archive = Archive(LocalStore(home))
        for data in answers:
            sha256 = hashlib.sha256(data).hexdigest()
            kind = recognise(memoryview(data), None).kind
            archive.put(Description(kind, "fuzz.json", sha256, NOW, as_of=NOW, modified=NOW), data)
        files = sorted(path for path in Path(home).rglob("*") if path.is_file())
        file = files[which % len(files)]
        before = file.read_bytes()
        file.write_bytes(damaged(before, Random(how)))
        result = replay(archive, lambda: NOW, Watcher())
        assert result.files == len(files) // 2, "not all that is archived was read, or named"
        _raise_refusal(result)
        if file.suffix == ".zst":
            key = str(file.relative_to(home))
            assert archive.get(key) == zstandard.decompress(before), "a damaged answer was read as if it were not"


# --- pages and API ---------------------------------------------------------------------------------------------------


def _an_address(chance: Random) -> tuple[str, dict[str, str], bool]:
    """(path, parameters, whether it is the API's)."""
    is_api = chance.random() < 0.5
    path = "api/v1/" + chance.choice(_API) if is_api else chance.choice((*_PAGES, *_MORE))
    if chance.random() < 0.1:
        path = damaged(path.encode(), chance).decode("latin-1")
    names = chance.sample(_NAMES, chance.randrange(1, 4))
    return path, {name: _parameter(name, chance, is_api) for name in names}, is_api


def _parameter(name: str, chance: Random, is_api: bool) -> str:
    if name == "q":
        return _sendable(a_query(chance))
    if name in {"after", "before", "cursor"} and chance.random() < 0.8:
        place = damaged(chance.choice(_PLACES).encode(), chance).decode("latin-1")
        text = cursors.write(place) if is_api and chance.random() < 0.8 else place
        return text if chance.random() < 0.8 else damaged(text.encode(), chance).decode("latin-1")
    return _sendable(chance.choice((*_VALUES, *TEXTS)))


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:3_000]


def _asking() -> Callable[[tuple[str, dict[str, str], bool]], None]:
    person, _ = Person.objects.get_or_create(
        username="fuzz", defaults={"role": Role.ADMINISTRATOR, "created_at": NOW, "language": "en"}
    )
    token, _number = tokens.create(person.pk, "fuzz", "write", None, datetime.now(UTC), "fuzz")
    browser, script = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    browser.force_login(person)

    def ask(made: tuple[str, dict[str, str], bool]) -> None:
        path, parameters, is_api = made
        more: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token}"}} if is_api else {}
        client = script if is_api else browser
        answer = client.generic("GET", f"/{path}", QUERY_STRING=urlencode(parameters), **more)
        assert answer.status_code < 500, f"answered {answer.status_code}"
        b"".join(answer) if answer.streaming else answer.content
        if answer.status_code >= 400:
            raise KairanError(f"answered {answer.status_code}")

    return ask
