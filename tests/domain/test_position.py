"""Finding a record's own text again in a document."""

import pytest

from kairan.domain.position import value_at

DOCUMENT = b'{"Results": [{"Vulnerabilities": [{"a": 1}, {"a": 2 }]}], "a b": [[5]]}'


@pytest.mark.parametrize(
    ("position", "found"),
    [
        ("Results[0].Vulnerabilities[1]", b'{"a": 2 }'),
        ("Results[0].Vulnerabilities[1].a", b"2"),
        ("a b[0][0]", b"5"),
        ("", DOCUMENT),
        ("Results[1]", None),
        ("Results.a", None),
        ("nothing", None),
        ("Results[x]", None),
        ("[0]", None),
        ("Results[0]]", None),
    ],
)
def test_what_stands_at_a_position(position: str, found: bytes | None) -> None:
    assert value_at(DOCUMENT, position) == found


def test_what_is_no_json_has_nothing() -> None:
    assert value_at(b'{"a": ', "a") is None
    assert value_at(b'{"a": "\xff"}', "a.b") is None
    assert value_at(b'{"a":' * 100_000 + b"1", "a") is None
