"""The app's Home and the form of "open a case from this" within Slack's limits, whatever they have to show."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.protocols import Validator

from kairan.destinations.slack import DESTINATION
from kairan.domain.affected import Affected, Share
from kairan.domain.answer import Answer, Form, Named, Reach, Said
from kairan.domain.home import Home, Mine, Standing
from kairan.domain.message import ActionOffer, Part

from .limits import broken

_HOSTILE = st.one_of(
    st.text(max_size=4_000),
    st.sampled_from(
        ["<!channel>", "*bold* <https://evil|x>", "&" * 3_000, "絵文字😀" * 800, "\u202e" * 500, " ", "\n"]
    ),
)
_AT = datetime(2026, 11, 16, tzinfo=UTC)


@st.composite
def homes(draw: st.DrawFn) -> Home:
    title, team, by = draw(_HOSTILE), draw(_HOSTILE), draw(_HOSTILE)
    mine = Mine(
        12, "https://kairan.example.com/cases/C-12/", title, "critical", "new", "expired", team, 7, _AT, by,
        (ActionOffer("claim", 12, 3), ActionOffer("decide", 12, 3)),
    )  # fmt: skip
    many = draw(st.integers(0, 60))
    return Home(
        draw(st.sampled_from(Standing)), (mine,) * many, many + draw(st.integers(0, 1_000)), draw(st.booleans()),
        (team,) * draw(st.integers(0, 300)), draw(st.booleans()), "https://kairan.example.com/cases/", by, "UTC", _AT,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(homes(), st.sampled_from(["en", "ja"]), st.booleans())
def test_home_keeps_the_limits(block_kit: Validator, home: Home, language: str, noted: bool) -> None:
    view = DESTINATION.home(home, Answer(Said.CLAIMED, {"teams": ["a" * 4_000]}) if noted else None, language)
    _check(view, block_kit)
    left = home.total - min(len(home.parts), 45)
    if home.standing is Standing.KNOWN and (home.teams or home.is_all) and left:
        assert f"{left:,}" in str(view["blocks"][-1]), "what is not shown is counted"


@settings(max_examples=60, deadline=None)
@given(_HOSTILE, st.integers(0, 10), st.integers(0, 80), st.sampled_from(["en", "ja"]))
def test_the_forms_keep_the_limits(block_kit: Validator, text: str, ids: int, teams: int, language: str) -> None:
    shares = tuple(Share(text, "new", 3, 2, 5) for _ in range(teams))
    named = tuple(Named(f"CVE-2026-{n:04d}", Affected(text, True, shares, len(shares))) for n in range(ids))
    parts = tuple(Part(n, f"team-{n}", text, "new", 1) for n in range(1, teams + 1))
    reach = Reach(teams, 3 * teams, (text,) * 50, (text,) * 50, teams)
    for form in (Form("open_case", 0, "", named=named), Form("decide", 12, text, parts=parts, reach=reach)):
        view = DESTINATION.answer(Answer(Said.FORM, form=form), language)["view"]
        _check(view, block_kit)
        assert len(view["private_metadata"]) <= 3_000


def _check(view: Any, block_kit: Validator) -> None:
    blocks = view["blocks"]
    assert 0 < len(blocks) <= 100
    for at in range(0, len(blocks), 50):  # the schema is a message's
        block_kit.validate(blocks[at : at + 50])
    assert broken(view, 100) == []
