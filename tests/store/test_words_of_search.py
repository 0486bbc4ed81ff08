"""Text becomes the same tokens whichever way is taken."""

from hypothesis import given
from hypothesis import strategies as st

from kairan.domain.query.words import tokens
from kairan.store.queries.vectors import vector


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert [*tokens(text), "脆弱"] == tokens(f"{text} 脆弱")


@given(st.text(max_size=80))
def test_every_token_stands_in_the_vector(text: str) -> None:
    assert vector(text).count(":") >= len(tokens(text))
