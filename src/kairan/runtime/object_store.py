"""The archive of raw answers: zstd objects in a local folder or any object storage, found by their content.

An object is written before the transaction that refers to it, with a small description beside it, so that the whole
store can be built again from the archive alone. What no run refers to is an orphan and pruned.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import RawIOBase
from pathlib import Path
from typing import IO, Annotated, Any, cast

import msgspec
import obstore
import zstandard
from obstore.store import LocalStore, ObjectStore, from_url

from kairan.domain.errors import ConfigError, KairanError
from kairan.runtime.postgres import default_data_dir

URL = "KAIRAN_ARCHIVE_URL"
_DESCRIPTION = ".meta.json"
_PIECE = 4 << 20
_LEVEL = 1  # 211 MB in 0.5 s; higher levels cost more time than storage


_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Description(msgspec.Struct, frozen=True):
    """What is needed to read an archived answer again."""

    source: str
    name: str
    sha256: str
    archived_at: _Instant
    as_of: _Instant | None = None
    given_as_of: _Instant | None = None
    modified: _Instant | None = None
    asset: tuple[str, str] | None = None
    complete: bool | None = None


class Archive:
    """Raw answers. `url` is anything obstore reads: file:///path, s3://bucket/prefix, gs://…, az://…"""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def configured(cls) -> "Archive":
        """The archive that the environment names; the data folder's own by default."""
        url = os.environ.get(URL)
        if not url:
            folder = default_data_dir() / "archive"
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise ConfigError(f"{folder} cannot be made: {error.strerror}. Set KAIRAN_DATA or {URL}") from None
            return cls(LocalStore(folder))
        try:
            if url.startswith("file://"):
                Path(url.removeprefix("file://")).mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(from_url(url))
        except Exception as error:  # noqa: BLE001 - obstore raises many kinds for a bad URL
            raise ConfigError(f"{URL}={url} cannot be used: {error}") from None

    def key_for(self, description: Description) -> str:
        """Dated, and the same for the same bytes read in the same way."""
        way = msgspec.json.encode(
            (description.sha256, description.asset, description.complete, description.given_as_of)
        )
        name = hashlib.sha256(way).hexdigest()[:32]
        return f"{description.source}/{description.archived_at:%Y/%m/%d}/{name}.json.zst"

    def put(self, description: Description, data: memoryview | bytes) -> str:
        """Write an answer and its description; returns its key. An object of this key is the same object."""
        key = self.key_for(description)
        try:
            with _compressed(data) as stream:
                obstore.put(self._store, key, stream)
            obstore.put(self._store, key + _DESCRIPTION, msgspec.json.encode(description))
        except (OSError, obstore.exceptions.BaseError) as error:
            raise KairanError(f"the archive cannot be written: {_first_line(error)}") from None
        return key

    def get(self, key: str, most: int = -1) -> bytes:
        """An answer's bytes; only the first `most` of them, where that is said."""
        try:
            packed = memoryview(obstore.get(self._store, key).bytes())
            data = zstandard.ZstdDecompressor().stream_reader(packed).read(most)
            if most < 0 and zstandard.frame_content_size(packed) not in (len(data), -1):  # -1: it does not say
                raise zstandard.ZstdError("it is cut off")
        except (OSError, obstore.exceptions.BaseError, zstandard.ZstdError) as error:
            raise KairanError(f"archived answer {key} cannot be read: {_first_line(error)}") from None
        return data

    def descriptions(self) -> Iterator[tuple[str, Description | KairanError]]:
        """(key, description) of everything archived; where a description cannot be read: why."""
        for key in self._keys():
            if key.endswith(_DESCRIPTION):
                yield key.removesuffix(_DESCRIPTION), self._described(key)

    def _described(self, key: str) -> Description | KairanError:
        try:
            raw = obstore.get(self._store, key).bytes()
            found = msgspec.json.decode(memoryview(raw), type=Description)
            if any("\0" in text for text in (found.source, found.name, found.sha256, *(found.asset or ()))):
                raise msgspec.DecodeError("it holds NUL")
        except (
            OSError,
            obstore.exceptions.BaseError,
            msgspec.DecodeError,
            UnicodeDecodeError,
            RecursionError,
        ) as error:
            return KairanError(f"what is written of it ({key}) cannot be read: {_first_line(error)}")
        return found

    def prune(self, keep: set[str], before: datetime) -> int:
        """Delete what is older than `before` and not in `keep`; returns how many answers went."""
        gone = 0
        for batch in obstore.list(self._store):
            for meta in batch:
                key = meta["path"]
                if key.removesuffix(_DESCRIPTION) in keep or meta["last_modified"] >= before:
                    continue
                obstore.delete(self._store, key)
                gone += not key.endswith(_DESCRIPTION)
        return gone

    def receive(self, key: str, chunks: Iterator[bytes]) -> None:
        """Write an object as it comes. What `chunks` raises passes through, and leaves nothing behind."""
        try:
            obstore.put(self._store, key, chunks, max_concurrency=2)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise KairanError(f"the archive cannot be written: {_first_line(error)}") from None

    def stream(self, key: str) -> Iterator[bytes]:
        """An object's bytes as they lie there, piece by piece."""
        try:
            yield from obstore.get(self._store, key).stream(min_chunk_size=_PIECE)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise KairanError(f"{key} cannot be read from the archive: {_first_line(error)}") from None

    def delete(self, key: str) -> None:
        """Throw an object away; one that is gone already is no fault."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except (OSError, obstore.exceptions.BaseError) as error:
            raise KairanError(f"{key} cannot be deleted from the archive: {_first_line(error)}") from None

    def _keys(self) -> list[str]:
        return sorted(meta["path"] for batch in obstore.list(self._store) for meta in batch)


RETENTION = timedelta(days=90)
ORPHAN_GRACE = timedelta(days=1)


@contextmanager
def _compressed(data: memoryview | bytes) -> Iterator[Any]:
    """The packed bytes as a stream: a gigabyte is never in memory at once."""
    source = _View(data)
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)  # a damaged answer must not read as another
    with packer.stream_reader(cast(IO[bytes], source), size=len(data)) as reader:
        yield _chunks(reader)


def _chunks(reader: zstandard.ZstdCompressionReader) -> Iterator[bytes]:
    while chunk := reader.read(4 << 20):
        yield chunk


class _View(RawIOBase):
    """A memory view as a file."""

    def __init__(self, data: memoryview | bytes) -> None:
        super().__init__()
        self._data = memoryview(data)
        self._at = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        chunk = bytes(self._data[self._at : end])
        self._at += len(chunk)
        return chunk


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
