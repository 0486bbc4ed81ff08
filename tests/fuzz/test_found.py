"""What the fuzz found, so that it is not found again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kairan.domain.errors import KairanError, QueryError
from kairan.domain.query import parse
from kairan.services.config_file.checking import check_text
from tests.reports import NOW, record, report, take


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999999+14:00", "2026..9999-12-31T23:59:59.999999"]
)
def test_the_last_instant_there_is_is_no_period(text: str) -> None:
    with pytest.raises(QueryError, match="is no date"):
        parse(f"first-seen:{text}", datetime(2026, 11, 21, tzinfo=UTC), UTC)


@pytest.fixture
def archived(store: None, archive_home: Path) -> Path:
    """An archive of two answers; the folder in which it lies."""
    take(report(record()), report(record("CVE-2026-0002"), image="cart:1"))
    return archive_home / "archive"


def replayed() -> tuple[int, list[str]]:
    """(files, what could not be read)."""
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Watcher
    from kairan.services.replay import replay

    result = replay(Archive.configured(), lambda: NOW, Watcher())
    return result.files, [reason for _, reason in result.errors]


@pytest.mark.parametrize(
    "written",
    [
        b'{"source": "trivy", "na',
        b"\xff\xfe",
        b"[" * 5_000,
        b'{"source":"tri\\u0000vy","name":"a","sha256":"","archived_at":"2026-11-21T09:00:00Z"}',
        b'{"source":"trivy","name":"a","sha256":"","archived_at":"2026-11-21T09:00:00"}',
    ],
    ids=["cut", "binary", "deep", "nul", "no-zone"],
)
def test_a_damaged_description_is_named_and_the_rest_is_replayed(archived: Path, written: bytes) -> None:
    next(iter(sorted(archived.rglob("*.meta.json")))).write_bytes(written)
    files, errors = replayed()
    assert files == 2
    assert len(errors) == 1
    assert "cannot be read" in errors[0]


@pytest.fixture
def answer(archived: Path) -> tuple[Path, str]:
    """One of its answers: the file and its key."""
    file = min(archived.rglob("*.json.zst"))
    return file, str(file.relative_to(archived))


def read(key: str) -> bytes | None:
    """What the archive says it is; None where it says that it cannot be read."""
    from kairan.runtime.object_store import Archive

    try:
        return Archive.configured().get(key)
    except KairanError:
        return None


def test_an_answer_that_was_damaged_is_not_read_as_another(answer: tuple[Path, str]) -> None:
    """Without a checksum a flipped bit made another package, and a replay would have believed it."""
    file, key = answer
    sound, whole = file.read_bytes(), read(key)
    for at in range(len(sound)):
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1 :])
        assert read(key) in (None, whole)


def test_an_answer_that_was_cut_off_is_not_read_as_a_shorter_one(answer: tuple[Path, str]) -> None:
    file, key = answer
    sound, whole = file.read_bytes(), read(key)
    for size in range(len(sound)):
        file.write_bytes(sound[:size])
        assert read(key) in (None, whole)
    assert read(key) == whole, "only the end of the checksum is missing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("owner: acme\nteams", "kairan.yaml:2: "),
        ("owner: acme\nteams:\n  - key", "kairan.yaml:3: "),
        ("owner: acme\naddress: \ud800", "kairan.yaml:2: it holds half of a sign"),
    ],
)
def test_a_complaint_is_of_a_line_that_is_there(text: str, said: str) -> None:
    """Where YAML's parser is behind the end of the text; and a text that no file can hold is a complaint, too."""
    [complaint, *_] = check_text(text, "kairan.yaml", NOW).complaints
    assert str(complaint).startswith(said)
    assert complaint.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{name: r, remind: ''}]",
        "rules: [{name: r, escalate: ''}]",
        "destinations: [{name: a, kind: preview, channel: ''}]",
    ],
)
def test_an_empty_text_is_no_keys(text: str) -> None:
    """It was taken for "nothing", and the meaning of a text was asked for its keys."""
    [complaint] = check_text(text, "kairan.yaml", NOW).complaints
    assert "needs keys here" in complaint.message


def test_a_complaint_does_not_repeat_all_of_a_long_value() -> None:
    long = "x" * 20_000
    text = f"rules: [{{name: r, tell: [{{to: preview, form: {long}}}]}}]\n'{long}': 1\n'{long}': 1"
    for complaint in check_text(text, "kairan.yaml", NOW).complaints:
        assert len(complaint.message) < 300
