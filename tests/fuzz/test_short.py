"""A short, seeded fuzz for CI; `make fuzz` is the long one (docs/explanation/torture.md)."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairan.domain import query
from kairan.domain.errors import QueryError, SourceError
from tests.fuzz import campaign, targets

SEED = 20261121
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(("Results", "data", "findings")), inner)
    ),
)


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def test_damaged_input_is_refused_in_words_or_read() -> None:
    tally = campaign.run(targets.WITHOUT_STORE, 8_000, SEED)
    print(tally)
    assert tally.crashes == {}
    assert tally.read["parsers"] > 1_000, "hardly any damaged report was read: the damage is too coarse"


@pytest.mark.usefixtures("store", "quiet")
def test_damaged_input_does_no_harm_to_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kairan.store.connection import raw_cursor
    from tests.fuzz.stored import stored_targets
    from tests.stores import broken_invariants

    monkeypatch.setenv("KAIRAN_API_RATE", "0")
    tally = campaign.run(stored_targets(tmp_path / "archive"), 200, SEED)
    print(tally)
    assert tally.crashes == {}
    assert broken_invariants(raw_cursor()) == {}


@given(st.text())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_text_is_a_query_or_no_query(text: str) -> None:
    with suppress(QueryError):
        query.parse(text, datetime(2026, 11, 21, tzinfo=UTC), UTC)


@given(_json)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_json_is_a_report_or_no_report(value: object) -> None:
    with suppress(SourceError):
        targets.read_report(json.dumps(value).encode())
