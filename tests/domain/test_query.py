"""The query language: what is understood, what is refused and how, and what it means."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairan.domain.errors import QueryError
from kairan.domain.query import KEYS, And, Choice, Facts, Not, Or, Pattern, Period, Words, matches, parse
from kairan.domain.query.words import tokens

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def read(text: str) -> object:
    return parse(text, NOW, TOKYO)


def test_terms_side_by_side_must_all_hold() -> None:
    assert read("is:open repo:acme/*") == And((Choice("is", frozenset({"open"})), Pattern("repo", ("acme/*",))))


def test_or_binds_weaker_than_side_by_side_and_brackets_bind_first() -> None:
    a, b, c = (Words((word,)) for word in "abc")
    assert read("a b or c") == Or((And((a, b)), c))
    assert read("a (b or c)") == And((a, Or((b, c))))
    assert read("a OR b") == Or((a, b))


def test_a_list_is_one_of_its_values() -> None:
    assert read("severity:high,critical") == Choice("severity", frozenset({"high", "critical"}))
    assert read('package:openssl,"two words"') == Pattern("package", ("openssl", "two words"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (">=high", {"high", "critical"}),
        (">high", {"critical"}),
        ("<=low", {"unknown", "none", "low"}),
        ("low..high", {"low", "medium", "high"}),
        ("high..", {"high", "critical"}),
        ("..low", {"unknown", "none", "low"}),
        ("moderate", {"medium"}),
    ],
)
def test_severities_compare(text: str, words: set[str]) -> None:
    assert read(f"severity:{text}") == Choice("severity", frozenset(words))


def test_negation_with_minus_and_not() -> None:
    assert read("-is:open") == Not(Choice("is", frozenset({"open"}))) == read("not is:open")
    assert read("-(a or b)") == Not(Or((Words(("a",)), Words(("b",)))))


def test_an_age_counts_from_now_and_a_day_is_the_readers() -> None:
    week_ago = datetime(2026, 11, 14, 12, tzinfo=UTC)
    assert read("first-seen:<7d") == Period("first-seen", week_ago, None)
    assert read("first-seen:>7d") == Period("first-seen", None, week_ago)
    midnight = datetime(2026, 11, 1, tzinfo=TOKYO)
    assert read("first-seen:2026-11-01") == Period("first-seen", midnight, datetime(2026, 11, 2, tzinfo=TOKYO))
    assert read("first-seen:2026-11") == Period("first-seen", midnight, datetime(2026, 12, 1, tzinfo=TOKYO))
    assert read("closed:>=2026-11-01") == Period("closed", midnight, None)
    assert read("closed:2026-11-01..") == Period("closed", midnight, None)


def test_what_is_yet_to_come_is_understood_and_matches_nothing() -> None:
    facts = Facts({"is": ("open",)})
    assert not matches(read("exploit:yes"), facts)
    assert not matches(read("is:accepted"), facts)
    assert matches(read("-is:accepted"), facts)
    assert matches(read("is:open,accepted"), facts)


def test_japanese_words_are_found_inside_sentences() -> None:
    facts = Facts(texts=(tokens("このパッケージには深刻な脆弱性があります"),))
    assert matches(read("脆弱性"), facts)
    assert matches(read("パッケージ　深刻"), facts)
    assert not matches(read("弱脆"), facts)


def test_a_phrase_stands_together_words_do_not_need_to() -> None:
    facts = Facts(texts=(tokens("Remote code execution in log4j-core"),))
    assert matches(read('"code execution"'), facts)
    assert not matches(read('"execution code"'), facts)
    assert matches(read("execution code"), facts)
    assert matches(read("log4j-core"), facts)


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("sevrity:high", 0, "`severity`?"),
        ("is:open colour:red", 8, "no key `colour`"),
        ("severity:hihg", 9, "`high`?"),
        ("is:opn", 3, "`open`?"),
        ("(a", 0, "never closed"),
        ("a)", 1, "closes nothing"),
        ('a "b', 2, "never closed"),
        ("a or", 2, "must follow"),
        ("or a", 0, "must stand before"),
        ("cve:", 4, "needs a value"),
        ("a -", 2, ""),
        ("first-seen:soon", 11, "is no date"),
        ("first-seen:2026-13-01", 11, "is no date"),
        ("package:>openssl", 8, "takes no `>`"),
        ("(" * 60 + "a" + ")" * 60, 50, "nested"),
        ("a" * 5_000, 4_000, "longer"),
    ],
)
def test_an_error_says_where_and_what_to_do(text: str, position: int, says: str) -> None:
    if text == "a -":
        assert read(text) == And((Words(("a",)), Words(())))
        return
    with pytest.raises(QueryError) as raised:
        read(text)
    assert raised.value.position == position
    assert says in str(raised.value)


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_every_key_has_an_example_that_is_understood(key: object) -> None:
    assert read(key.example or f"{key.name}:yes")  # type: ignore[attr-defined]


ALPHABET = st.sampled_from(list(KEYS)).map(lambda k: f"{k}:") | st.sampled_from(
    [
        "-",
        "(",
        ")",
        '"',
        " ",
        ",",
        "..",
        ">=",
        "<",
        "or",
        "and",
        "not",
        "*",
        "high",
        "7d",
        "2026-02-30",
        "脆弱性",
        "\u3000",
    ]
)


@given(st.lists(ALPHABET | st.text(max_size=4), max_size=30).map("".join))
def test_any_text_is_understood_or_refused_at_a_position(text: str) -> None:
    try:
        tree = read(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - an error is allowed, not demanded
    else:
        assert matches(tree, Facts()) in (True, False)  # type: ignore[arg-type]
