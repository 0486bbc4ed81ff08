"""What people hand in by mistake, through the real command line: one clear line each, and nothing else is lost."""

import gzip
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.reports import record, report

pytestmark = pytest.mark.usefixtures("sound_store")
GOOD = json.dumps(report(record(Title="Überlauf 脆弱性"))).encode()


def zeros(packed: Callable[[], Any], size: int) -> bytes:
    """`size` zero bytes, packed block by block."""
    buffer, block = BytesIO(), bytes(1 << 24)
    with packed_stream(packed, buffer) as stream:
        for _ in range(size // len(block)):
            stream.write(block)
    return buffer.getvalue()


def packed_stream(packed: Callable[..., Any], buffer: BytesIO) -> Any:
    return packed(buffer)


def gzip_bomb() -> bytes:
    return zeros(lambda buffer: gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1), 256 << 20)


def zstd_bomb() -> bytes:
    return zeros(lambda buffer: zstandard.ZstdCompressor().stream_writer(buffer, closefd=False), 256 << 20)


def zip_archive() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.json", GOOD)
    return buffer.getvalue()


def wrong(**changed: Any) -> bytes:
    return json.dumps(report(record()) | changed).encode()


DISK = json.loads(GOOD) | {"ArtifactName": "disk.img", "ArtifactType": "vm", "Metadata": {}}

BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut": (lambda: GOOD[:-20], "cut off"),
    "results-are-text": (lambda: wrong(Results="none"), "Results"),
    "records-are-numbers": (lambda: wrong(Results=[{"Target": "x", "Class": "os-pkgs", "Vulnerabilities": 7}]), "Vuln"),
    "version-only": (lambda: b'{"SchemaVersion": 2}', "not|no form|no source|nothing|names"),
    "nested-arrays": (lambda: b"[" * 200_000, "nested too deeply|cut off"),
    "nested-objects": (lambda: b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
    "nested-in-a-report": (
        lambda: GOOD.replace(b'"Metadata"', b'"x": ' + b"[" * 200_000 + b"]" * 200_000 + b', "Metadata"', 1),
        "nested too deeply",
    ),
    "gzip-bomb": (gzip_bomb, "bomb"),
    "zstd-bomb": (zstd_bomb, "bomb"),
    "gzip-cut": (lambda: gzip.compress(GOOD)[:-9], "unpacked"),
    "gzip-twice": (lambda: gzip.compress(gzip.compress(GOOD)), "packed twice"),
    "zstd-cut": (lambda: zstandard.compress(GOOD)[:-9], "unpacked|cut off"),
    "latin-1": (lambda: GOOD.decode("unicode-escape").replace("脆弱性", "").encode("latin-1"), "UTF-8"),
    "empty": (lambda: b"", "is empty"),
    "blank": (lambda: b" \n\n", "."),
    "html": (lambda: b"<!DOCTYPE html><html><body>Log in</body></html>", "HTML"),
    "sarif": (lambda: b'{"version": "2.1.0", "$schema": "x", "runs": []}', "SARIF"),
    "cyclonedx": (lambda: b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "CycloneDX"),
    "gitlab": (lambda: b'{"version": "15.0", "vulnerabilities": [], "scan": {}}', "GitLab"),
    "github-error": (lambda: b'{"message": "Bad credentials", "documentation_url": "x"}', "GitHub API"),
    "aws-error": (lambda: b'{"__type": "AccessDenied", "message": "no"}', "AWS API"),
    "other-error": (lambda: b'{"error": "unauthorized"}', "error answer"),
    "binary": (lambda: bytes(range(256)) * 20, "."),
    "null": (lambda: b"null", "--source"),
    "empty-list": (lambda: b"[]", "--source"),
    "empty-object": (lambda: b"{}", "--source"),
    "number": (lambda: b"42", "bare JSON value"),
    "two-documents": (lambda: GOOD + b"\n" + GOOD, "more than one JSON document"),
    "zip": (zip_archive, "zip archive"),
    "future": (lambda: json.dumps(report(record(), at="2099-01-01T00:00:00Z")).encode(), "future"),
}


def only_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def assert_one_clear_line(done: Any, name: str, pattern: str) -> None:
    import re

    line = only_line(done.stderr)
    assert name in line
    assert re.search(pattern, line.partition(name)[2]), line
    assert "Traceback" not in done.stderr
    assert "fault of Kairan" not in done.stderr
    assert len(line) < 400


def test_every_broken_file_is_named_in_one_line_and_the_good_ones_are_read(cli: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    for name, (make, _) in BROKEN.items():
        (folder / f"{name}.json").write_bytes(make())
    (folder / "a-good.json").write_bytes(GOOD)
    (folder / "z-good.json").write_bytes(json.dumps(report(record(), image="cart:1")).encode())
    done = cli("import", "--json", folder)
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert (said["files"], said["opened"], said["rejected"]) == (len(BROKEN) + 2, 2, 0)
    lines = dict(line.removeprefix(f"{folder}/").split(".json: ", 1) for line in done.stderr.splitlines())
    assert set(lines) == set(BROKEN)
    import re

    missed = {name: lines[name] for name, (_, pattern) in BROKEN.items() if not re.search(pattern, lines[name])}
    assert missed == {}
    assert not [line for line in lines.values() if len(line) > 300 or "fault of Kairan" in line]


def test_a_file_whose_name_is_no_unicode_is_read_or_named(cli: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / os.fsdecode(b"good-\xff.json")).write_bytes(GOOD)
    (folder / os.fsdecode(b"not-\xff.json")).write_bytes(b"{")
    done = cli("import", "--json", folder)
    assert (done.returncode, json.loads(done.stdout)["opened"]) == (2, 1)
    assert_one_clear_line(done, "not-\ufffd.json", "cut off")


def test_a_line_that_holds_nul_is_rejected_and_the_others_are_read(cli: Any, tmp_path: Path) -> None:
    folder = Path(str(files("kairan.sources.aws_security_hub"))) / "tests" / "samples"
    lines = (folder / "event-lines.json").read_bytes().splitlines(keepends=True)
    (tmp_path / "lines.json").write_bytes(lines[0] + lines[1][:300] + b"\0" + lines[1][300:])
    done = cli("import", "--json", tmp_path / "lines.json")
    assert done.returncode == 2, done.stderr
    said = json.loads(done.stdout)
    assert (said["files"], said["rejected"]) == (1, 1)
    assert said["opened"] > 0


def test_the_same_files_without_json_print_no_traceback(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes(GOOD[:50])
    done = cli("import", tmp_path / "cut.json")
    assert done.returncode == 2
    assert_one_clear_line(done, "cut.json", "cut off")
    assert "0 of 1 files read" in done.stdout


def test_paths_that_lead_nowhere_are_named(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "good.json").write_bytes(GOOD)
    paths = [tmp_path / "missing.json", f"{tmp_path}/*.sarif", tmp_path / "empty-folder", tmp_path / "good.json"]
    done = cli("import", "--json", *paths)
    assert (done.returncode, json.loads(done.stdout)["opened"]) == (2, 1)
    first, second, third = done.stderr.splitlines()
    assert "missing.json: cannot be read: No such file" in first
    assert "nothing matches this pattern" in second
    assert "holds no report" in third


NOBODY = 65534


@pytest.fixture
def ordinary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for one who may not read everything: as root, become nobody for as long as the test runs."""
    import kairan.services.intake  # what nobody could not import any more
    from kairan.interfaces import registry
    from kairan.store.connection import raw_cursor

    assert kairan.services.intake
    registry.sources()
    folder = Path(tempfile.mkdtemp(prefix="kairan-ordinary-"))
    was_root = os.geteuid() == 0
    folder.chmod(0o755)
    (folder / "reports").mkdir(mode=0o777)
    monkeypatch.setenv("KAIRAN_DATA", str(folder))
    raw_cursor()  # connected while the server still lets us in
    if was_root:
        os.chown(folder / "reports", NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder / "reports"
    if was_root:
        os.seteuid(0)
    for shut in (folder / "reports").glob("shut*"):
        shut.chmod(0o700)  # else only root could clear up
    shutil.rmtree(folder)


def test_what_one_may_not_read_is_named_and_the_others_are_read(ordinary: Path) -> None:
    from kairan.runtime.documents import find
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options
    from tests.reports import NOW

    for name in ("a-good", "shut"):
        (ordinary / f"{name}.json").write_bytes(GOOD)
    (ordinary / "shut.json").chmod(0)
    (ordinary / "shut-folder").mkdir(mode=0)
    intake = Intake(Options(), Archive.configured(), lambda: NOW)
    result = intake.read_all(find([str(ordinary), str(ordinary / "shut-folder")]))
    reasons = {Path(name).name: reason for name, reason in result.errors}
    assert set(reasons) == {"shut.json", "shut-folder"}
    assert all("Permission denied" in reason for reason in reasons.values())
    assert result.counts.outcomes["opened"] == 1


def test_a_disk_image_asks_whose_it_is(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "disk.json").write_bytes(json.dumps(DISK).encode())
    done = cli("import", "--json", tmp_path / "disk.json")
    assert (done.returncode, json.loads(done.stdout)["rejected"]) == (2, 1)
    assert_one_clear_line(done, "disk.json", "--asset KIND:NAME")
    named = cli("import", "--json", "--asset", "host:web-1", tmp_path / "disk.json")
    assert (named.returncode, json.loads(named.stdout)["opened"]) == (0, 1)


def test_nothing_is_read_where_the_source_is_named(cli: Any, tmp_path: Path) -> None:
    for name in ("null", "[]", "{}"):
        (tmp_path / "nothing.json").write_text(name)
        done = cli("import", "--json", "--source", "trivy", "--asset", "image:shop", tmp_path / "nothing.json")
        assert (done.returncode, sum(json.loads(done.stdout)["records"].values())) == (0, 0), done.stderr


@pytest.mark.parametrize(
    "words", [("--source", "tenable"), ("--asset", "planet:mars"), ("--asset", "host:"), ("--as-of", "yesterday")]
)
def test_a_wrong_option_is_refused_before_anything_is_read(cli: Any, tmp_path: Path, words: tuple[str, str]) -> None:
    (tmp_path / "good.json").write_bytes(GOOD)
    done = cli("import", "--json", *words, tmp_path / "good.json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_nul_escapes_and_lone_surrogates_are_stored_as_what_they_are_not(cli: Any, tmp_path: Path) -> None:
    odd = json.dumps(report(record(Title="a\x00b", Description="lone \ud800 half", path="dir/\x00\udfff.jar")))
    (tmp_path / "odd.json").write_text(odd)
    done = cli("import", "--json", tmp_path / "odd.json")
    assert (done.returncode, json.loads(done.stdout)["opened"]) == (0, 1), done.stderr


def packings() -> dict[str, bytes]:
    text = GOOD.decode()
    return {
        "gz": gzip.compress(GOOD),
        "zst": zstandard.compress(GOOD),
        "utf-8-bom": b"\xef\xbb\xbf" + GOOD,
        "utf-16-le-bom": b"\xff\xfe" + text.encode("utf-16-le"),
        "utf-16-be-bom": b"\xfe\xff" + text.encode("utf-16-be"),
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "gz-utf-16": gzip.compress(text.encode("utf-16")),
    }


def test_every_packing_and_encoding_is_the_same_report(cli: Any, tmp_path: Path) -> None:
    for name, data in packings().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "plain").write_bytes(GOOD)
    assert cli("import", "--json", tmp_path / "plain").returncode == 0
    done = cli("import", "--json", *(tmp_path / name for name in packings()))
    said = json.loads(done.stdout)
    assert (done.returncode, said["files"], said["unchanged"]) == (0, 8, 8), done.stderr
    from kairan.store.models import Advisory

    assert Advisory.objects.get().title == "Überlauf 脆弱性"


def test_standard_input_is_read(cli: Any) -> None:
    for data in (GOOD, gzip.compress(GOOD)):
        done = cli("import", "--json", "-", stdin=data)
        assert (done.returncode, json.loads(done.stdout)["files"]) == (0, 1), done.stderr
    broken = cli("import", "--json", "-", stdin=b"")
    assert broken.returncode == 2
    assert_one_clear_line(broken, "-", "is empty")


def test_text_that_steers_terminals_is_shown_harmless(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m\u202e.json").write_bytes(b"<html>")
    done = cli("import", "--json", tmp_path)
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
