"""Chips and facets change a query term by term; its text stays what people may read."""

from datetime import UTC, datetime

import pytest

from kairan.domain.errors import QueryError
from kairan.domain.query import parse
from kairan.domain.query.parse import Term, parse_terms
from kairan.domain.query.terms import chosen, toggled, with_term, without, written

NOW = datetime(2026, 7, 3, tzinfo=UTC)
STATES = ("open", "closed")


def terms(text: str) -> list[Term]:
    return parse_terms(text, NOW, UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("is:open severity:>=high -package:openssl", ["is:open", "severity:>=high", "-package:openssl"]),
        ('"remote code" and not repo:"a b",c', ['"remote code"', 'not repo:"a b",c']),
        ("(package:a or package:b) is:open", ["(package:a or package:b)", "is:open"]),
        ("package:a or package:b is:open", ["package:a or package:b is:open"]),
        ("closed:2026-01,2026-02", ["closed:2026-01,2026-02"]),
        ("-(a b)\u3000x", ["-(a b)", "x"]),
    ],
)
def test_terms_are_what_is_joined_by_and(text: str, expected: list[str]) -> None:
    found = terms(text)
    assert [term.text for term in found] == expected
    assert parse(" ".join(expected), NOW, UTC) == parse(text, NOW, UTC)
    for term in found:
        assert without(found, term) == " ".join(each for each in expected if each != term.text)


def test_a_query_that_is_none_has_no_terms() -> None:
    with pytest.raises(QueryError):
        terms("is:open (")


def test_a_choice_of_a_facet_is_added_widened_and_taken_back() -> None:
    assert toggled(terms("is:open"), "severity", "high") == "is:open severity:high"
    assert toggled(terms("severity:high is:open"), "severity", "low") == "severity:high,low is:open"
    assert toggled(terms("severity:high,low is:open"), "severity", "high") == "severity:low is:open"
    assert toggled(terms("severity:high is:open"), "severity", "high") == "is:open"
    assert toggled(terms("package:OpenSSL"), "package", "openssl") == ""
    assert toggled(terms("severity:>=high"), "severity", "critical") == "severity:high"


def test_states_and_kinds_share_a_key_and_stay_apart() -> None:
    assert toggled(terms("is:secret"), "is", "open", STATES) == "is:secret is:open"
    assert toggled(terms("is:secret is:open"), "is", "open", STATES) == "is:secret"
    assert chosen(terms("is:secret is:open"), "is", STATES) == {"open"}


def test_what_is_excluded_is_not_chosen() -> None:
    assert chosen(terms("-source:trivy"), "source") == frozenset()
    assert toggled(terms("-source:trivy"), "source", "vuls") == "-source:trivy source:vuls"


def test_alternatives_get_brackets_before_a_term_is_added() -> None:
    assert with_term(terms("package:a or package:b"), "is:open") == "(package:a or package:b) is:open"
    assert with_term(terms("(package:a or package:b)"), "is:open") == "(package:a or package:b) is:open"
    assert with_term(terms("is:open"), "is:open") == "is:open"


@pytest.mark.parametrize(
    "value",
    ["a", "a b", "a,b", "(a)", "<1", "=x", ">=2", "脆 弱", "a\u3000b", "-a", "a:b", "", "//src:build", "/a", "//"],
)
def test_any_value_is_written_so_that_it_is_read_back(value: str) -> None:
    assert chosen(terms(written("package", [value, "z"])), "package") == {value, "z"}


def test_a_quotation_mark_becomes_any_sign() -> None:
    assert chosen(terms(written("package", ['a"b'])), "package") == {"a*b"}
