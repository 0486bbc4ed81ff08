"""Opening what people hand us: files, folders, globs, standard input; packed or not, in any Unicode.

Everything ends as UTF-8 bytes in memory-mapped files, so a report of a gigabyte costs no memory of ours.
"""

import codecs
import glob
import gzip
import hashlib
import mmap
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import zstandard

from kairan.domain.errors import SourceError
from kairan.runtime.environment import number

STDIN = "-"
_CHUNK = 1 << 20
_BOMB_FLOOR, _BOMB_RATIO = 64 << 20, 200  # reports pack 10 to 40 times; zeros 230 to 1,000 times
_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ\x00": "packed by xz",
    b"ustar": "a tar archive",
    b"%PDF": "a PDF",
}
# Escapes of what no text of ours may hold: NUL (PostgreSQL refuses it), and halves of a surrogate pair (no Unicode).
_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_UNFIT = re.compile(rb"(?<!\\)((?:\\\\)*)(?:\\u0000|%b(?!%b)|(?<!%b)%b)" % (_HIGH, _LOW, _HIGH, _LOW))
_MAYBE_UNFIT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class Document:
    """One opened input. `data` is UTF-8 without BOM; `sha256` is of it; `modified` the file's mtime, if it has one."""

    name: str
    data: memoryview
    sha256: bytes
    modified: datetime | None


def find(paths: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """(name, why it cannot be read) of each input, in order; folders and globs are walked, sorted."""
    for path in paths:
        if path == STDIN:
            yield STDIN, None
        elif Path(path).is_dir():
            yield from _walk(path)
        elif not os.path.lexists(path) and glob.has_magic(path):
            found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - the pattern is the person's, as given
            if not found:
                yield path, "nothing matches this pattern"
            for each in found:
                yield from find([each])
        else:
            yield path, None


def _walk(folder: str) -> Iterator[tuple[str, str | None]]:
    found = False
    problems: list[OSError] = []
    for root, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                found = True
                yield os.path.join(root, name), None  # noqa: PTH118 - keeps the spelling the person gave
    for problem in problems:
        yield str(problem.filename), f"cannot be opened: {problem.strerror}"
    if not found and not problems:
        yield folder, "this folder holds no report"


def written(name: str) -> str:
    """A file's name as text: names may hold bytes that are no Unicode."""
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@contextmanager
def opened(name: str) -> Iterator[Document]:
    """Open one input. SourceError says in one line what is wrong with it and what to do."""
    try:
        with _raw(name) as file, _document(name, file, _modified(name)) as document:
            yield document
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from None


@contextmanager
def received(name: str, chunks: Iterable[bytes], modified: datetime) -> Iterator[Document]:
    """Open what came piece by piece, as a file of this name and time."""
    with _spool() as file:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
        with _document(name, file, modified) as document:
            yield document


@contextmanager
def _document(name: str, file: IO[bytes], modified: datetime | None) -> Iterator[Document]:
    with _unpacked(file) as plain, _utf8(plain) as text, _mapped(text) as data:
        yield Document(written(name), data, hashlib.sha256(data).digest(), modified)


@contextmanager
def _raw(name: str) -> Iterator[IO[bytes]]:
    if name != STDIN:
        with Path(name).open("rb") as file:
            yield file
        return
    with _spool() as file:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            file.write(chunk)
        file.seek(0)
        yield file


def _modified(name: str) -> datetime | None:
    return None if name == STDIN else datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)


def _spool() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="kairan-")


@contextmanager
def _unpacked(file: IO[bytes]) -> Iterator[IO[bytes]]:
    head = file.read(300)
    file.seek(0)
    for magic, what in _PACKED.items():
        if head.startswith(magic) or (magic == b"ustar" and head[257:262] == magic):
            raise SourceError(f"is {what}, not a report: unpack it first (gz and zst are read as they are)")
    if head.startswith(b"\x1f\x8b"):
        reader = cast(IO[bytes], gzip.GzipFile(fileobj=file))
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file, read_across_frames=True)
    else:
        yield file
        return
    with _spool() as plain:
        _copy_bounded(reader, file, plain)
        plain.seek(0)
        if plain.read(2) == b"\x1f\x8b":
            raise SourceError("is packed twice: unpack it once")
        plain.seek(0)
        yield plain


def _copy_bounded(reader: IO[bytes], packed: IO[bytes], plain: IO[bytes]) -> None:
    size, limit = 0, number("KAIRAN_MAX_REPORT_BYTES", 8 << 30)
    try:
        while chunk := reader.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise SourceError(f"unpacks to more than {limit >> 20} MiB (KAIRAN_MAX_REPORT_BYTES)")
            if size > _BOMB_FLOOR and size > _BOMB_RATIO * max(packed.tell(), 1):
                raise SourceError(f"unpacks to more than {_BOMB_RATIO} times its size: not a report, a zip bomb")
            plain.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise SourceError(f"cannot be unpacked: {error}") from None
    if not size:
        raise SourceError("cannot be unpacked: nothing comes out. Is it cut off? Fetch it again")


_BOMS = [
    (codecs.BOM_UTF8, "utf-8", 3),
    (codecs.BOM_UTF32_LE, "utf-32-le", 4),
    (codecs.BOM_UTF32_BE, "utf-32-be", 4),
    (codecs.BOM_UTF16_LE, "utf-16-le", 2),
    (codecs.BOM_UTF16_BE, "utf-16-be", 2),
]


def encoding_of(head: bytes) -> tuple[str, int]:
    """(encoding, bytes of BOM) of JSON text: by BOM, else by where its first two ASCII characters have zeros."""
    for bom, name, size in _BOMS:
        if head.startswith(bom):
            return name, size
    if len(head) >= 4:
        zeros = tuple(byte == 0 for byte in head[:4])
        if zeros[1] and zeros[3] and not zeros[0]:
            return "utf-16-le", 0
        if zeros[0] and zeros[2] and not zeros[1]:
            return "utf-16-be", 0
    return "utf-8", 0


@contextmanager
def _utf8(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Check the text's encoding all through; transcode what is not plain UTF-8 without BOM and unfit escapes."""
    encoding, skip = encoding_of(file.read(4))
    file.seek(skip)
    decoder = codecs.getincrementaldecoder(encoding)()
    rewrite = encoding != "utf-8" or skip > 0 or _may_hold_unfit(file, skip)
    file.seek(skip)
    with _spool() as text:
        position = skip
        held = b""
        while chunk := file.read(_CHUNK):
            decoded = _decode(decoder, chunk, encoding, position)
            position += len(chunk)
            if rewrite:
                # Cut behind a quote, so that no escape is cut in two.
                held += decoded.encode()
                cut = held.rfind(b'"') + 1
                text.write(_UNFIT.sub(rb"\1\\ufffd", held[:cut]))
                held = held[cut:]
        _decode(decoder, b"", encoding, position, final=True)
        if not rewrite:
            file.seek(0)
            yield file
            return
        text.write(_UNFIT.sub(rb"\1\\ufffd", held))
        text.seek(0)
        yield text


def _may_hold_unfit(file: IO[bytes], start: int) -> bool:
    file.seek(start)
    tail = b""
    while chunk := file.read(_CHUNK):
        if _MAYBE_UNFIT.search(tail + chunk):
            return True
        tail = chunk[-5:]
    return False


def _decode(
    decoder: codecs.IncrementalDecoder, chunk: bytes, encoding: str, position: int, *, final: bool = False
) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and b"\0" in chunk:
            raise SourceError("is binary, not JSON text") from None
        raise SourceError(
            f"is not {encoding.upper()} text (near byte {position + error.start}):"
            " convert it, for example with `iconv -f LATIN1 -t UTF-8`"
        ) from None


@contextmanager
def _mapped(file: IO[bytes]) -> Iterator[memoryview]:
    file.flush()
    if os.fstat(file.fileno()).st_size == 0:
        raise SourceError("is empty")
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    try:
        yield view
    finally:
        with suppress(BufferError):  # an error on its way still refers to a part: the mapping goes when that does
            view.release()
            mapped.close()
