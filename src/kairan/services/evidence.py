"""What people put beside a decision: files, kept in the object storage and handed out again as they came.

A file is somebody's: it is never shown by Kairan itself, only downloaded, under a name without folders and a type that
no browser runs.
"""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePath

from kairan.domain.errors import KairanError
from kairan.domain.rights import Right
from kairan.runtime.object_store import Archive
from kairan.services import may
from kairan.services.actor import Actor
from kairan.services.attempts import attempt
from kairan.services.choice import ChoiceError, Evidence, Wrong

MOST_BYTES = 10 << 20
TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".eml": "message/rfc822",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".log": "text/plain",
    ".md": "text/plain",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "text/plain",
    ".yml": "text/plain",
    ".zip": "application/zip",
}
_LONGEST_NAME = 200


def store(name: str, chunks: Iterable[bytes], actor: Actor, now: datetime, *, team: int | None) -> Evidence:
    """Keep a file for a decision of this team's part. ChoiceError: a type we do not take, too large, or empty."""
    with attempt(actor, "evidence.add", "evidence", now):
        may.check(actor, Right.ANSWER, team)
    plain = _plain(name)
    kind = TYPES.get(PurePath(plain).suffix.lower())
    if kind is None:
        raise ChoiceError({"file": Wrong("no_type", {"known": ", ".join(each[1:] for each in TYPES)})})
    key = f"evidence/{now:%Y/%m/%d}/{uuid.uuid4().hex}"
    counted = _Counted(chunks)
    Archive.configured().receive(key, iter(counted))
    if not counted.size:
        discard([Evidence(file=key)])
        raise ChoiceError({"file": Wrong("empty_file")})
    return Evidence(file=key, name=plain, size=counted.size, type=kind)


def discard(evidence: Iterable[Evidence]) -> None:
    """Forget files whose decision was not taken."""
    archive = Archive.configured()
    for each in evidence:
        if each.file:
            archive.delete(each.file)


def read(key: str) -> Iterator[bytes]:
    """A kept file, piece by piece. KairanError when the object storage no longer has it."""
    if not key.startswith("evidence/"):
        raise KairanError("this is no evidence")
    return Archive.configured().stream(key)


class _Counted:
    """Pieces on their way in, counted and bounded."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks, self.size = chunks, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.size += len(chunk)
            if self.size > MOST_BYTES:
                raise ChoiceError({"file": Wrong("too_large", {"most": MOST_BYTES >> 20})})
            yield chunk


def _plain(name: str) -> str:
    """A file's name as a browser says it, without folders and without signs that nobody sees."""
    last = PurePath(name.replace("\\", "/")).name
    shown = "".join(sign for sign in last if sign.isprintable()).encode(errors="replace").decode()
    stem, dot, suffix = shown.rpartition(".")
    return (stem[: _LONGEST_NAME - len(suffix)] + dot + suffix[:20]) if dot else shown[:_LONGEST_NAME]
