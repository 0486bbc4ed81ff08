"""Which version is newer, and what an upgrade closes."""

from itertools import pairwise

import pytest

from kairan.domain.versions import alternatives, closes, is_newer, rank, step


@pytest.mark.parametrize(
    ("ecosystem", "rising"),
    [
        ("deb", ["1.0~rc1", "1.0", "1.0a", "1.0+b1", "1.0.1", "1.0.10", "1:0.5"]),
        ("deb", ["1.1.1n-0+deb11u4", "1.1.1n-0+deb11u5", "1.1.1n-0+deb11u10", "1.1.1w-0+deb11u1"]),
        ("deb", ["2.31-13", "2.31-13+deb11u1", "2.36-9"]),
        ("rpm", ["1.0~rc1", "1.0", "1.0^git1", "1.0.1", "1.0.10", "2:0.1"]),
        ("rpm", ["1.0a-1.el7", "1.0.1-1.el7"]),
        ("rpm", ["5.14.0-70.el9", "5.14.0-362.8.1.el9_3"]),
        ("npm", ["1.2", "1.2.1", "v1.10", "2.0"]),
        ("apk", ["1.1.1", "1.1.1-r1", "1.1.1-r10", "1.2"]),
    ],
)
def test_versions_rise(ecosystem: str, rising: list[str]) -> None:
    for older, newer in pairwise(rising):
        assert rank(ecosystem, older) < rank(ecosystem, newer), (older, newer)


def test_nought_at_the_end_says_nothing_and_an_equals_sign_neither() -> None:
    assert rank("npm", "1.0") == rank("npm", "1.0.0") == rank("npm", "= 1")


@pytest.mark.parametrize("version", ["", "1.0-beta", "latest", "1.0.Final", "x" * 300, "1..2"])
def test_of_other_versions_no_order_is_known(version: str) -> None:
    assert rank("maven", version) is None


def test_an_epoch_that_is_no_number_has_no_order() -> None:
    assert rank("deb", "a:1.0") is None


def test_a_newer_version_closes_what_an_older_one_fixed() -> None:
    assert closes("maven", "2.17.1", ("2.15.0",))
    assert not closes("maven", "2.14.0", ("2.15.0",))
    assert closes("deb", "1.1.1n-0+deb11u5", ("1.1.1n-0+deb11u4",))


def test_lines_of_releases_are_told_apart() -> None:
    fixes = ("2.3.1", "2.12.2", "2.15.0")
    assert closes("maven", "2.12.4", fixes)
    assert not closes("maven", "2.13.0", fixes)
    assert closes("maven", "2.17.1", fixes)


def test_where_no_order_is_known_only_the_very_version_counts() -> None:
    assert closes("maven", "5.0.RELEASE", ("5.0.RELEASE", "4.3.RELEASE"))
    assert not closes("maven", "6.0.RELEASE", ("5.0.RELEASE",))
    assert not closes("maven", "6.0", ())


def test_fixed_versions_are_read_from_what_publishers_write() -> None:
    assert alternatives("2.3.1, 2.12.2,>=2.15.0, ,2.3.1") == ("2.3.1", "2.12.2", "2.15.0")


@pytest.mark.parametrize(
    ("installed", "fixed", "nearest"),
    [
        ("2.12.1", "2.3.1, 2.12.2, 2.15.0", "2.12.2"),
        ("2.14.0", "2.3.1, 2.12.2, 2.15.0", "2.15.0"),
        ("3.0", "2.3.1, 2.12.2", ""),
        ("", "2.3.1, 2.12.2", ""),
        ("1.0", "1.1", "1.1"),
        ("", ">=1.1", "1.1"),
        ("1.0", "", ""),
    ],
)
def test_the_nearest_fixed_version(installed: str, fixed: str, nearest: str) -> None:
    assert step("npm", installed, fixed) == nearest


def test_what_cannot_be_compared_is_not_called_older() -> None:
    assert is_newer("npm", "2.0", "1.0")
    assert not is_newer("npm", "1.0", "2.0")
    assert is_newer("npm", "1.0-beta", "2.0")
