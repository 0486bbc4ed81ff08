"""A file looked through from its bytes to its meaning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from kairan.domain import codeowners
from kairan.domain.complaint import Complaint
from kairan.domain.config import Config
from kairan.services.config_file import meaning, plugs, tree
from kairan.services.config_file.reading import Reading

LARGEST = 8 * 1024 * 1024
MOST_COMPLAINTS = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was looked through: its configuration as written (None where it has complaints), and its texts.

    `files` are the file itself and those it names, by their path beside it.
    """

    path: str
    config: Config | None
    complaints: tuple[Complaint, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def check(path: Path, now: datetime) -> Checked:
    """Look a file through, and those it names. Every complaint there is, in the order of lines."""
    text, complaint = _text(path, str(path), LARGEST)
    if complaint:
        return Checked(str(path), None, (complaint,))
    folder = path.parent

    def beside(name: str) -> tuple[str, Complaint | None]:
        return _text(folder / name, name, codeowners.MOST_BYTES)

    return replace(check_text(text, str(path), now, beside), path=str(path))


def check_text(
    text: str, file: str, now: datetime, beside: Callable[[str], tuple[str, Complaint | None]] | None = None
) -> Checked:
    """The same of a text. `beside` reads the files it names."""
    known = tree.read(text, file)
    reading = Reading(file)
    config = reading.config(known.root) if known.root is not None else None
    if config is not None:
        meaning.check(config, reading, now)
        plugs.check(config, reading)
    files = {file: text}
    if config is not None and beside:
        _read_codeowners(config, reading, beside, files)
    complaints = [*known.complaints, *reading.complaints]
    if (line := plugs.plain_secret(text)) and not any(each.line == line for each in complaints):
        warned = "this looks like a real token: take it out, revoke it, and write a reference (env:NAME)"
        complaints.append(Complaint(file, line, "", warned))
    told = sorted(dict.fromkeys(complaints), key=lambda each: (each.line, each.column, each.key))[:MOST_COMPLAINTS]
    return Checked(file, None if told else config, tuple(told), files)


def of(config: Config, name: str) -> Checked:
    """A configuration that was made by a program, not written in a file."""
    return Checked(name, config)


def _read_codeowners(
    config: Config,
    reading: Reading,
    beside: Callable[[str], tuple[str, Complaint | None]],
    files: dict[str, str],
) -> None:
    for at, entry in enumerate(config.ownership):
        path = f"ownership[{at}].codeowners"
        if not entry.codeowners or entry.codeowners in files:
            continue
        text, wrong = beside(entry.codeowners)
        if wrong:
            reading.complain_of(path, f"{entry.codeowners}: {wrong.message}")
            continue
        files[entry.codeowners] = text
        lines = codeowners.parse(text)
        named = {owner for line in lines for owner in line.owners}
        if not lines:
            reading.complain_of(path, f"{entry.codeowners} says nothing of any path")
        for name in sorted(entry.owners.keys() - named):
            reading.complain_of(f"ownership[{at}].owners.{name}", f"{name} is not named in {entry.codeowners}")


def _text(path: Path, name: str, largest: int) -> tuple[str, Complaint | None]:
    """A file's text, or what is wrong with the file."""
    try:
        if path.is_dir():
            return "", Complaint(name, 0, "", "is a folder; name the file in it")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except FileNotFoundError:
        return "", Complaint(name, 0, "", "there is no such file")
    except (OSError, ValueError) as error:
        return "", Complaint(name, 0, "", f"cannot be read: {getattr(error, 'strerror', '') or error}")
    if len(data) > largest:
        return "", Complaint(name, 0, "", f"is larger than {largest // 1024 // 1024} MiB")
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", Complaint(
            name, line, "", "is not UTF-8: save it as UTF-8 (this line has the first sign that is not)"
        )
