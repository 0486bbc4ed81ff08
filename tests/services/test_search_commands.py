"""search, count, export, show and explain, as people type them."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kairan.domain.errors import ConfigError
from tests.reports import day, osv, record, records, report, secret, take

Cli = Callable[..., subprocess.CompletedProcess[str]]
CVE, GHSA = "CVE-2026-1111", "GHSA-aaaa-bbbb-cccc"
pytestmark = pytest.mark.usefixtures("sound_store")


def said(done: subprocess.CompletedProcess[str]) -> Any:
    """The one JSON document on standard output; nothing went wrong."""
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def some() -> None:
    take(
        report(
            record("CVE-2026-0001", severity="CRITICAL", fixed="1.1"),
            record("CVE-2026-0002", "curl", severity="LOW", Title="ログの脆弱性"),
            at=day(1),
        ),
        report(record("CVE-2026-0003", "zlib"), at=day(2), image="web:2.0"),
        report(at=day(3), image="web:2.0"),
    )


def selection(text: str = "") -> Any:
    from datetime import UTC

    from kairan.domain.query import parse
    from kairan.store.queries.search import select
    from tests.reports import NOW

    return select(parse(text, NOW, UTC))


# --- search


def test_search_tells_the_same_as_table_json_and_csv(cli: Cli) -> None:
    some()
    table = cli("search", "is:open", "severity:>=high")
    assert table.returncode == 0
    head, line = table.stdout.splitlines()
    assert head.split() == ["finding", "severity", "id", "package", "versions", "asset", "first", "seen", "title"]
    assert line.split()[1:] == ["critical", "CVE-2026-0001", "openssl", "1.0", "→", "1.1", "shop", "2026-11-01"]
    found = said(cli("search", "is:open", "-severity:low", "--json"))
    assert [(each["id"], each["state"], each["sources"]) for each in found] == [("CVE-2026-0001", "open", ["trivy"])]
    assert said(cli("search", "is:open", "severity:>=high", "--format", "json")) == found
    [row] = csv.DictReader(io.StringIO(cli("search", "severity:critical", "--format", "csv").stdout))
    assert {name: "" if value is None else value for name, value in found[0].items()} | {"sources": "trivy"} == row


def test_search_finds_words_and_says_where_there_is_nothing_or_more(cli: Cli) -> None:
    some()
    assert [each["id"] for each in said(cli("search", "脆弱性", "--json"))] == ["CVE-2026-0002"]
    nothing = cli("search", "id:CVE-1999-*")
    assert (nothing.returncode, nothing.stderr) == (0, "Nothing matches.\n")
    assert said(cli("search", "id:CVE-1999-*", "--json")) == []
    more = cli("search", "--limit", "2")
    assert len(more.stdout.splitlines()) == 3
    assert "first 2" in more.stderr


def test_a_negation_is_a_word_and_no_option(cli: Cli) -> None:
    some()
    assert cli("count", "-path:*hbj*").stdout == "3\n"
    assert cli("count", "-is:closed", "-severity:low").stdout == "1\n"
    assert cli("count", "-h").stdout.startswith("Usage: kairan count")


def test_an_error_shows_the_query_with_a_caret_under_its_place(cli: Cli) -> None:
    done = cli("search", "脆弱 is:open", "sevrity:high")
    assert (done.returncode, done.stdout) == (2, "")
    message, shown, caret = done.stderr.splitlines()
    assert message.startswith("kairan: no key `sevrity`; `severity`?")
    assert shown == "  脆弱 is:open sevrity:high"
    assert caret == " " * len("  wide is:open ") + "^"  # each sign of 脆弱 is two wide
    for command in ("count", "export"):
        assert cli(command, "(is:open").stderr.splitlines()[1:] == ["  (is:open", "  ^"]


# --- orders and pages


@pytest.mark.parametrize("sort", ["severity", "first-seen", "oldest", "closed", "number"])
def test_pages_of_any_size_hold_every_finding_once_in_the_order(sort: str) -> None:
    from kairan.store.queries.walk import Sort, pages

    take(report(*records(7), *records(6, start=100, severity="LOW"), at=day(1)))
    take(report(*records(3), *records(4, start=100, severity="LOW"), at=day(2)))
    take(report(*records(2), *records(5, start=200), at=day(3)))
    whole = [row for page in pages(selection(), Sort(sort)) for row in page]
    assert len({row.id for row in whole}) == len(whole) == 18
    for size in (1, 2, 5, 18):
        parts = list(pages(selection(), Sort(sort), size=size))
        assert [row for page in parts for row in page] == whole
        assert all(0 < len(page) <= size for page in parts)
    keys: dict[str, Callable[[Any], Any]] = {
        "severity": lambda row: (-row.severity, -row.first_seen.timestamp(), -row.id),
        "first-seen": lambda row: (-row.first_seen.timestamp(), -row.id),
        "oldest": lambda row: (row.first_seen, row.id),
        "closed": lambda row: (
            row.closed_at is None,
            -(row.closed_at or row.first_seen).timestamp(),
            -row.id,
        ),
        "number": lambda row: row.id,
    }
    assert whole == sorted(whole, key=keys[sort])


def test_what_arrives_between_two_pages_hides_nothing() -> None:
    from kairan.store.queries.walk import Sort, pages

    take(report(*records(6), at=day(1)))
    walk = pages(selection(), Sort.NUMBER, size=2)
    seen = [row.primary_id for row in next(walk)]
    take(report(*records(6, severity="CRITICAL"), *records(2, start=50), at=day(2)))
    seen += [row.primary_id for page in walk for row in page]
    assert len(set(seen)) == len(seen) == 8


def test_search_sorts_as_asked(cli: Cli) -> None:
    some()
    for sort, first in (("closed", "CVE-2026-0003"), ("oldest", "CVE-2026-0001"), ("first-seen", "CVE-2026-0003")):
        assert said(cli("search", "--json", "--limit", "1", "--sort", sort))[0]["id"] == first


# --- foreign text


def test_foreign_text_steers_neither_terminal_nor_spreadsheet(cli: Cli) -> None:
    evil = '=HYPERLINK("http://x")\x1b[2J\u202e'
    take(report(record(CVE, Title=evil, installed="+1", fixed="@2")))
    [row] = csv.DictReader(io.StringIO(cli("export", "--format", "csv").stdout))
    assert row["title"] == '\'=HYPERLINK("http://x")\\u001b[2J\\u202e'
    assert (row["installed"], row["fixed"]) == ("'+1", "'@2")
    shown = [
        cli(*words).stdout for words in (("search",), ("search", "--json"), ("show", CVE), ("explain", number_of(CVE)))
    ]
    assert all(shown)
    everything = "".join(shown)
    assert "\x1b" not in everything
    assert "\u202e" not in everything
    assert json.loads(shown[1])[0]["title"] == evil


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "＝"])
def test_a_cell_that_begins_like_a_formula_begins_with_an_apostrophe(first: str) -> None:
    from kairan.services.export import cell

    assert cell(f"{first}1").startswith("'")
    assert cell(f"1{first}").startswith("1")


# --- count


def test_count_counts_and_groups(cli: Cli) -> None:
    some()
    take(secret_report())
    assert cli("count").stdout == "4\n"
    assert said(cli("count", "is:open", "--json")) == {"query": "is:open", "count": 3}
    grouped = said(cli("count", "--by", "state,severity", "--json"))
    assert (grouped["count"], grouped["by"]) == (4, ["state", "severity"])
    assert {(each["state"], each["severity"], each["count"]) for each in grouped["groups"]} == {
        ("open", "critical", 2),
        ("open", "low", 1),
        ("fixed", "high", 1),
    }
    table = cli("count", "--by", "package").stdout.splitlines()
    assert table[0].split() == ["package", "findings"]
    assert ["-", "1"] in [line.split() for line in table]
    assert table[-1] == "4 findings"


def secret_report() -> dict[str, Any]:
    return report(results=[secret("AKIA" + "X" * 16)], looked=False, image="keys:1", at=day(1))


def test_count_names_its_keys_where_one_is_unknown(cli: Cli) -> None:
    done = cli("count", "--by", "severity,sauce")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'sauce'" in done.stderr
    assert "namespace, package, ecosystem, id" in done.stderr


def test_every_key_counts_every_finding_and_the_help_names_them() -> None:
    from kairan.entrypoints.search_commands import BY
    from kairan.store.queries.counting import KEYS, count, count_by, parse_keys

    some()
    assert ", ".join(KEYS) == BY
    for key in KEYS:
        assert sum(group.count for group in count_by(selection(), [key])) == count(selection()) == 3, key
    assert len(count_by(selection(), KEYS)) == 3
    assert len(count_by(selection(), KEYS, most=1)) == 2
    assert parse_keys("asset_kind, ID,id") == ("asset-kind", "id")
    with pytest.raises(ConfigError, match="'severity'"):
        parse_keys("sevrity")


def test_a_finding_with_several_values_counts_under_each_and_kinds_agree_with_the_query() -> None:
    from kairan.store.models import Finding
    from kairan.store.queries.counting import count, count_by

    some()
    take(secret_report())
    for group in count_by(selection(), ["kind"]):
        assert count(selection(f"is:{group.values[0]}")) == group.count
    finding = Finding.objects.order_by("id").first()
    assert finding
    before = finding.traits
    Finding.objects.filter(id=finding.id).update(traits=[*before, "namespace:shop", "namespace:ops", "source:other"])
    try:
        of_it = selection("id:CVE-2026-0001")
        assert [g.values for g in count_by(of_it, ["namespace"])] == [("ops",), ("shop",)]
        assert len(count_by(of_it, ["namespace", "source"])) == 4
    finally:
        Finding.objects.filter(id=finding.id).update(traits=before)


# --- export


def test_export_writes_everything_in_each_form(cli: Cli, tmp_path: Path) -> None:
    take(report(*records(60)))
    found = said(cli("export"))
    assert len(found) == 60
    assert [json.loads(line) for line in cli("export", "--format", "jsonl").stdout.splitlines()] == found
    file = tmp_path / "all.csv"
    file.write_text("older")
    done = cli("export", "is:open", "--format", "csv", "--output", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [row["id"] for row in csv.DictReader(file.open())] == [each["id"] for each in found]
    assert said(cli("export", "is:closed")) == []


def test_export_leaves_the_older_file_where_it_cannot_finish(cli: Cli, tmp_path: Path) -> None:
    from kairan.entrypoints import export

    file = tmp_path / "all.json"
    file.write_text("older")

    def broken() -> None:
        with export._output(str(file)) as to:
            to.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert file.read_text() == "older"
    assert not list(tmp_path.glob(".*unfinished"))
    for place in (tmp_path, tmp_path / "none" / "all.json"):
        done = cli("export", "--output", place)
        assert (done.returncode, done.stdout) == (2, "")
        assert "--output" in done.stderr


def test_export_puts_nothing_in_the_place_of_a_device(cli: Cli) -> None:
    assert cli("export", "--output", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()


# --- show


def two_sources_of_one() -> None:
    """One vulnerability under two ids in one image."""
    take(report(record(CVE, severity="LOW", Title="Out of bounds"), at=day(1)))
    take(report(record(CVE, severity="LOW"), record(GHSA, severity="HIGH", fixed="2.0"), at=day(2)))
    take(osv(GHSA, CVE, summary="Buffers overflow"))


def test_show_of_an_id_tells_ids_assertions_advisories_and_views(cli: Cli) -> None:
    two_sources_of_one()
    told = said(cli("show", GHSA.lower(), "--json"))
    assert (told["vulnerability"], told["ids"], told["findings_count"]) == (CVE, [CVE, GHSA], 1)
    assert [(each["left"], each["right"], each["withdrawn"]) for each in told["assertions"]] == [(CVE, GHSA, False)]
    assert "Buffers overflow" in {each["title"] for each in told["advisories"]}
    views = {each["reported_as"]: each for each in told["findings"][0]["views"]}
    assert {name: (each["severity"], each["fixed"]) for name, each in views.items()} == {
        CVE: ("low", ""),
        GHSA: ("high", "2.0"),
    }
    text = cli("show", CVE).stdout
    for part in (f"ids  {CVE}, {GHSA}", f"{CVE} = {GHSA}, says", "Findings: 1", number_of(CVE), "1.0 → 2.0", "image:"):
        assert part in text


def test_show_of_an_asset_tells_names_findings_and_who_sees_it(cli: Cli) -> None:
    some()
    told = said(cli("show", "image:web:2.0", "--json"))
    assert (told["kind"], told["external_id"]) == ("image", "docker.io/library/web")
    assert told["findings"] == [{"severity": "high", "state": "fixed", "count": 1}]
    [seen] = told["sources"]
    assert (seen["kind"], seen["live"], seen["ended"]) == ("trivy", 0, 1)
    for name in ("web", "WEB:2.0", "docker.io/library/web"):
        assert said(cli("show", name, "--json"))["external_id"] == "docker.io/library/web"
    text = cli("show", "shop").stdout
    assert "docker.io/library/shop" in text
    assert [line.split() for line in text.splitlines()][-2:] == [["critical", "open", "1"], ["low", "open", "1"]]


def test_show_lists_assets_that_share_a_name_and_hints_where_nothing_bears_it(cli: Cli) -> None:
    from kairan.domain.finding import AssetRef

    some()
    take(report(record(CVE)), asset=AssetRef("host", "i-1", "web"))
    told = said(cli("show", "web", "--json"))
    assert {each["kind"] for each in told["assets"]} == {"host", "image"}
    assert "Several assets" in cli("show", "web").stdout
    assert said(cli("show", "host:web", "--json"))["external_id"] == "i-1"
    done = cli("show", "sho\x1b[2J")
    assert (done.returncode, done.stdout) == (2, "")
    assert "\x1b" not in done.stderr
    done = cli("show", "sho")
    assert "Did you mean image:" in done.stderr


def test_show_of_a_finding_is_as_ever(cli: Cli) -> None:
    some()
    name = number_of("CVE-2026-0001")
    assert said(cli("show", name.lower(), "--json"))["finding"] == name
    assert cli("show", name).stdout.startswith(f"{name}  critical  open")
    assert cli("show", "F-999999").returncode == 2


# --- explain


def explained(cli: Cli, name: str) -> tuple[Any, str]:
    text = cli("explain", name)
    assert text.returncode == 0
    return said(cli("explain", name, "--json")), text.stdout


def number_of(identifier: str) -> str:
    from kairan.store.models import Finding

    return f"F-{Finding.objects.get(home__identifiers__value=identifier).id}"


def test_explain_tells_why_a_finding_is_open_and_what_makes_it_one(cli: Cli) -> None:
    some()
    told, text = explained(cli, number_of("CVE-2026-0001"))
    assert told["state"] == "open"
    assert told["why"].startswith("Open: 1 of 1 sightings are live, reported by trivy")
    assert told["identity"]["asset"]["external_id"] == "docker.io/library/shop"
    assert told["identity"]["why_one"] == "its only id"
    assert told["identity"]["package"].startswith("pkg:deb")
    [seen] = told["sightings"]
    assert seen["live"]
    assert seen["watermark"].startswith("2026-11-01T00:00:00")
    assert "still counts" in text


def test_explain_tells_why_a_finding_is_closed(cli: Cli) -> None:
    some()
    told, text = explained(cli, number_of("CVE-2026-0003"))
    assert (told["state"], told["close_reason"]) == ("closed", "absent")
    assert told["why"].startswith("Closed since 2026-11-03 00:00: no sighting is live")
    assert "no longer names it" in told["why"]
    assert told["why"] in text


def test_explain_follows_a_finding_that_became_part_of_another(cli: Cli) -> None:
    from kairan.store.models import Finding

    two_sources_of_one()
    gone = Finding.objects.exclude(merged_into=None).get()
    told, text = explained(cli, f"F-{gone.id}")
    assert (told["asked"], told["finding"], told["merged"]) == (
        f"F-{gone.id}",
        f"F-{gone.merged_into_id}",
        [f"F-{gone.id}"],
    )
    assert told["identity"]["why_one"].startswith(f"{CVE}, {GHSA} are one, says ")
    assert f"F-{gone.id} became part of F-{gone.merged_into_id}." in text


def test_explain_names_the_held_closing_that_waits(cli: Cli) -> None:
    take(report(record(CVE), at=day(1)))
    take(report(at=day(2), looked=False))
    assert take(report(at=day(2), looked=False)).held == 1
    told, text = explained(cli, number_of(CVE))
    assert told["state"] == "open"
    assert told["sightings"][0]["held"]
    assert "kairan held" in text
    assert "until a person decides" in told["why"]


def test_explain_of_nothing_is_an_error(cli: Cli) -> None:
    for name in ("F-999999", "CVE-2026-0001"):
        assert cli("explain", name).returncode == 2


@pytest.mark.parametrize("words", [("severity:", "is:open"), ("is:open", "severity:")])
def test_a_value_that_the_shell_took_is_missed(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("search", *words)
    assert done.returncode == 2
    assert "The shell takes it for itself" in done.stderr
    assert "The shell" not in cli("search", "severty:high").stderr
