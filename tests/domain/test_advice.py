"""What the form to the teams begins with: whole sentences, and what is left out is counted."""

import pytest

from kairan.domain.advice import LONGEST, advice
from kairan.domain.message import Fix

URL = "https://kairan.example.com/cases/C-1/"


def fixes(count: int, length: int = 5) -> list[Fix]:
    return [Fix(f"{'p' * length}{n}", "gem", ("1.0",), "2.0") for n in range(count)]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("length", [5, 149, 10_000])
def test_packages_that_have_no_room_are_counted_and_linked(length: int, language: str) -> None:
    lines = advice(fixes(9, length), "t", URL, language).split("\n")
    assert len("\n".join(lines)) <= LONGEST // 2
    left = 9 - (len(lines) - 1)
    assert lines[-1] == (f"({left} more packages: {URL})" if language == "en" else f"(ほか{left}件: {URL})")
    assert all(line.endswith((".", "。")) for line in lines[:-1]), "no sentence is cut"


def test_a_name_that_is_cut_shows_it() -> None:
    assert "pp…”" in advice(fixes(1, 200), "t", URL, "en")
    assert "tt…”" in advice([], "t" * 2_000, URL, "en")


@pytest.mark.parametrize("url", ["", "https://kairan.example.com/" + "x" * 500])
def test_half_an_address_is_never_said(url: str) -> None:
    assert advice(fixes(7), "t", url, "en").endswith("\n(2 more packages)")


def test_the_last_package_is_not_more() -> None:
    assert "more" not in advice([*fixes(5), Fix("", "gem", ("1",), "2")], "t", URL, "en")
