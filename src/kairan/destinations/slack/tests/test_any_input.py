"""Whatever advisories, names and people write: valid, within all limits, nothing silently cut, and still only text."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema.protocols import Validator
from msgspec.structs import replace

from kairan.destinations.slack import DESTINATION, escape, request
from kairan.domain.affected import Affected, Share
from kairan.domain.answer import Answer, Fault, Form, Said
from kairan.domain.examples import CASE, example
from kairan.domain.message import CaseFacts, Fix, Item, Link, Message, Part, Place, Purpose
from kairan.interfaces.destination import Parcel

from .limits import broken, objects, wide

WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # of messages this large it takes minutes
NASTY = [
    "<!channel>",
    "<!here|x>",
    "<https://evil.example|https://github.com>",
    "*bold* _it_ ~no~ `code` ```block```",
    "&lt;!channel&gt;",
    "> quoted\n&gt; again",
    "<@U123> <#C123> <!subteam^S1>",
    ":boom: :+1:",
    "https://evil.example/x",
    "@here @channel",
    "שלום \u202eevil\u202c",
    "\u0000\u001b[31m",
    "😀" * 50,
    "e\u0301" * 40,
    "\ud800",
    "脆弱性" * 40,
    "|>|<|",
    "",
    " ",
    "a\nb\r\nc",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=80), st.text(min_size=3_000, max_size=3_200))
names = st.one_of(st.sampled_from(NASTY), st.text(max_size=40), st.just("n" * 300))
urls = st.one_of(
    st.just("https://kairan.example.com/cases/C-1/"),
    st.just("/cases/C-1/"),
    st.just(""),
    st.just("javascript:alert(1)"),
    st.just("https://x.example/" + "y" * 4_000),
    st.just("https://x.example/a|b>c<d e"),
    st.text(max_size=30),
)
statuses = st.sampled_from(["new", "triaging", "resolved", "made_up"])
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def parts(draw: Any) -> tuple[Part, ...]:
    size = draw(st.sampled_from([0, 1, 3, 11, 200, 350]))
    name, channel, post = draw(names), draw(names), draw(urls)
    due, by, relook = draw(st.none() | instants), draw(names), draw(st.sampled_from(["", "expired", "odd"]))
    status = draw(statuses)
    return tuple(
        Part(n, f"t{n}", f"{name}{n}", status, n, due, f"C{n}", f"{channel}{n}", post, relook, by, "")
        for n in range(1, size + 1)
    )


@st.composite
def cases(draw: Any) -> CaseFacts:
    mine = draw(parts())
    size = draw(st.sampled_from([0, 1, 2, 12, 300]))
    name, url, kind = draw(names), draw(urls), draw(st.sampled_from(["repository", "image", "odd_kind"]))
    team = mine[0].name if mine else ""
    begin = draw(instants)
    ids = tuple(dict.fromkeys(draw(st.lists(names, max_size=4)) + draw(st.sampled_from([["GHSA-1"], []]))))
    return CaseFacts(
        number=draw(st.integers(1, 10**15)),
        url=draw(urls),
        title=draw(texts),
        summary=draw(texts),
        severity=draw(st.sampled_from(["critical", "medium", "unknown", "none"])),
        status=draw(statuses),
        kind=draw(st.sampled_from(["vulnerability", "misconfiguration", "secret"])),
        ids=ids,
        ghsa="GHSA-1" if "GHSA-1" in ids else "",
        window=(begin, begin + timedelta(days=1)),
        places=tuple(Place(kind, f"{name}{n}", url, team) for n in range(size)),
        fixes=tuple(Fix(draw(names), "gem", (draw(names),), draw(names)) for _ in range(draw(st.integers(0, 8)))),
        links=(Link("advisory", draw(urls)), Link("siem_discover", draw(urls)), Link("siem_dashboard", draw(urls))),
        parts=mine,
        sources=tuple(draw(st.lists(st.sampled_from(["github_dependabot", "trivy", "odd"]), max_size=2))),
        total=draw(st.integers(0, 10**9)),
        opened_at=begin,
        ticket=draw(urls),
        exploited=draw(st.none() | st.booleans()),
        is_demo=draw(st.booleans()),
    )


@st.composite
def messages(draw: Any) -> Message:
    purpose = draw(st.sampled_from(list(Purpose)))
    base = example(purpose, draw(st.sampled_from(["en", "ja"])))
    params = dict(base.params) | {"reason": draw(texts), "status": draw(statuses), "old": draw(names)}
    zone = draw(st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]))
    items = tuple(
        Item(n, draw(urls), draw(texts), "critical", draw(statuses), n, draw(st.none() | instants))
        for n in range(draw(st.sampled_from([0, 1, 3, 100])) and 5)
    ) * draw(st.sampled_from([1, 20]))
    return replace(
        base,
        case=draw(cases()) if base.case else None,
        time_zone=zone,
        team=draw(names),
        by=draw(names),
        text=draw(texts),
        params=params,
        items=items,
        more=draw(st.integers(0, 10**6)),
        link=draw(urls),
        code=draw(st.sampled_from([base.code, "made_up"])),
    )


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), phases=WITHOUT_SHRINKING)
@given(message=messages())
def test_any_case_is_drawn_within_all_limits(message: Message, block_kit: Validator, bodies: Any) -> None:
    drawn = DESTINATION.render(message)
    assert broken(drawn) == []
    block_kit.validate(drawn["blocks"])
    bodies("chat.postMessage").validate(request.body(Parcel("m", "C1", drawn)))
    assert 1 <= wide(drawn["text"]) <= 3_000
    assert _controls(drawn) == []


LINK = re.compile(r"<([^<>|]*)(\|[^<>]*)?>")


def _controls(drawn: Any) -> list[str]:
    """Signs of Slack's that are not ours: anything between < and > but a link to http(s) or to us."""
    found = []
    for each in objects(drawn["blocks"]):
        if each.get("type") == "mrkdwn":
            rest = LINK.sub("", each["text"])
            found += [each["text"]] if "<" in rest or ">" in rest else []
            found += [m[0] for m in LINK.finditer(each["text"]) if not re.match(r"https?://|/(?!/)", m[1])]
    return found


@st.composite
def answers(draw: Any) -> Answer:
    many = st.lists(names, max_size=4).map(lambda each: each * draw(st.sampled_from([1, 80])))
    said = {"teams": draw(many), "again": draw(many), "refused": dict.fromkeys(draw(many), "new")}
    said |= {"url": draw(urls), "destination": draw(names), "status": draw(statuses)}
    said |= {"ids": draw(many), "there": draw(many), "opening": draw(many), "nobody": draw(many)}
    fault = Fault(draw(st.sampled_from(["no_text", "unknown_id", "made_up"])), {"ids": draw(names)})
    code = draw(st.sampled_from(["decide", "defer", "not_affected", "ask"]))
    form = Form(code, 7, draw(texts), draw(st.sampled_from([None, 1])), draw(parts()))
    errors = dict.fromkeys(draw(st.sampled_from([(), ("channels",), ("message", "channels", "until_at")])), fault)
    return Answer(draw(st.sampled_from(list(Said))), said, errors, form, draw(urls))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=WITHOUT_SHRINKING)
@given(answer=answers(), language=st.sampled_from(["en", "ja"]))
def test_any_answer_is_drawn_within_all_limits(answer: Answer, language: str, view_schema: Validator) -> None:
    drawn = DESTINATION.answer(answer, language)
    note, view = drawn["note"], drawn["view"]
    assert broken(note) == []
    assert 1 <= wide(note["text"]) <= 3_000
    view_schema.validate(view)
    assert broken(view, 100) == []
    assert _controls(note) + _controls(view) == []


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=WITHOUT_SHRINKING)
@given(data=st.data(), language=st.sampled_from(["en", "ja"]))
def test_whoever_is_affected_is_said_within_all_limits(data: Any, language: str, block_kit: Validator) -> None:
    share = st.builds(Share, names, statuses | st.just(""), st.integers(0, 10**9), st.integers(0, 10**9))
    shares = tuple(data.draw(st.lists(share, max_size=3)) * data.draw(st.sampled_from([1, 20])))
    found = Affected(
        data.draw(names), True, shares, len(shares) + data.draw(st.sampled_from([0, 140])), address=data.draw(urls)
    )
    drawn = DESTINATION.affected(found, language)
    block_kit.validate(drawn["blocks"])
    assert broken(drawn) == []
    assert _controls(drawn) == []


def test_a_note_counts_the_teams_that_it_has_no_room_for() -> None:
    url = "https://kairan.example.com/cases/C-7/"
    teams = [f"the team number {n} of them all" for n in range(200)]
    said = DESTINATION.answer(Answer(Said.SENT, {"teams": teams[:150], "again": teams[150:]}, url=url), "en")
    first, second = said["note"]["blocks"][0]["text"]["text"].split("\n")
    for line, whole in ((first, 150), (second, 50)):
        left = re.search(rf"<{url}\|and (\d+) more>$", line)
        assert line.count("the team number") + (int(left[1]) if left else 0) == whole
    refused = dict.fromkeys(teams, "resolved")
    said = DESTINATION.answer(Answer(Said.PARTLY, {"teams": teams, "refused": refused}, url=url), "en")
    assert len(re.findall(r"\|and \d+ more>", said["note"]["blocks"][0]["text"]["text"])) == 2


def test_a_forms_title_that_is_too_long_is_said_to_be_cut() -> None:
    url = "https://kairan.example.com/cases/C-7/"
    view = DESTINATION.answer(Answer(Said.FORM, form=Form("ask", 7, "long " * 1_000, 1), url=url), "en")["view"]
    assert view["blocks"][0]["text"]["text"].endswith(f"… <{url}|all of it>")


@pytest.mark.parametrize("url", ["https://jira.example.com/browse/_A-1_", "http://jira/A-1"])
def test_a_tickets_address_can_be_followed(url: str) -> None:
    message = replace(example(Purpose.UPDATE, "en"), code="ticket", params={"url": url})
    assert f"<{url}|" in DESTINATION.render(message)["blocks"][0]["text"]["text"]
    note = DESTINATION.answer(Answer(Said.TICKET_BEFORE, {"url": url}), "en")["note"]
    assert f"<{url}|" in note["blocks"][0]["text"]["text"]


def test_nothing_but_a_tickets_web_address_is_a_link() -> None:
    for url in ("javascript:alert(1)", "/messages/1/", "<https://evil.example|x>"):
        message = replace(example(Purpose.UPDATE, "en"), code="ticket", params={"url": url})
        assert LINK.search(DESTINATION.render(message)["blocks"][0]["text"]["text"]) is None
    message = replace(example(Purpose.UPDATE, "en"), code="asked", by="https://evil.example")
    assert LINK.search(DESTINATION.render(message)["blocks"][0]["text"]["text"]) is None


def test_a_severity_that_rose_is_said_in_the_readers_words() -> None:
    worse = replace(example(Purpose.UPDATE, "ja"), code="worse", params={"old": "high", "new": "critical"})
    assert "深刻度が高から緊急に" in DESTINATION.render(worse)["text"]
    assert "from high to critical" in DESTINATION.render(replace(worse, language="en"))["text"]


@pytest.mark.parametrize("text", NASTY)
def test_a_hostile_summary_stays_text(text: str, block_kit: Validator) -> None:
    facts = replace(CASE, summary=text, places=(Place("repository", text),), ids=(text or "x",), ghsa="")
    drawn = DESTINATION.render(replace(example(Purpose.PSIRT_POST, "en"), case=facts))
    block_kit.validate(drawn["blocks"])
    assert _controls(drawn) == []


def test_formatting_signs_are_parted_at_the_edges_of_words_only() -> None:
    assert escape.mrkdwn("my_snake_name") == "my_snake_name"
    assert escape.mrkdwn("*bold*") == "\u2060*\u2060bold\u2060*\u2060"
    assert escape.mrkdwn("a & b <c>") == "a &amp; b &lt;c&gt;"
    assert escape.mrkdwn("> quote") == "\u2060&gt; quote"
    assert escape.mrkdwn(":boom:") == ":\u2060boom:"


def test_text_that_turns_its_direction_cannot_turn_ours() -> None:
    assert escape.mrkdwn("\u202eevil") == "\\u202eevil"
    assert escape.mrkdwn("שלום") == "\u2068שלום\u2069"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "http://", "ftp://x", ""])
def test_a_link_leads_to_the_web_or_to_us(url: str) -> None:
    assert escape.link(url, "label") == "label"


def test_an_address_cannot_break_out_of_its_link() -> None:
    assert escape.link("https://a.example/x|y>z<w v", "l") == "<https://a.example/x%7Cy%3Ez%3Cw%20v|l>"


def test_three_hundred_repositories_are_counted_and_linked() -> None:
    places = tuple(Place("repository", f"a-rather-long-repository-name-{n}") for n in range(300))
    drawn = DESTINATION.render(replace(example(Purpose.PSIRT_POST, "en"), case=replace(CASE, places=places)))
    line = drawn["blocks"][1]["text"]["text"].split("\n")[1]
    named = line.count("a-rather-long-repository-name-")
    left = re.search(r"<https://kairan.example.com/cases/C-1/\|and (\d+) more>$", line)
    assert left
    assert named + int(left[1]) == 300


def test_two_hundred_teams_have_a_checkbox_each_and_are_counted_in_the_post() -> None:
    mine = tuple(Part(n, f"t{n}", f"team {n}", "new", 1, channel_id=f"C{n}", channel_name=f"c{n}") for n in range(200))
    facts = replace(CASE, parts=mine)
    form = DESTINATION.render(replace(example(Purpose.TRIAGE_FORM, "ja"), case=facts))
    values = [o["value"] for block in form["blocks"] for o in block.get("accessory", {}).get("options", ())]
    assert values == [f"C{n}" for n in range(200)]
    post = DESTINATION.render(replace(example(Purpose.PSIRT_POST, "ja"), case=facts))
    teams = next(b["text"]["text"] for b in post["blocks"] if "担当チーム" in str(b))
    left = re.search(r"ほか(\d+)件>$", teams)
    assert left
    assert teams.count("\n") - 1 + int(left[1]) == 200


def test_more_teams_than_checkboxes_have_room_are_chosen_from_a_list(block_kit: Validator) -> None:
    mine = tuple(Part(n, f"t{n}", f"team {n}", "new", 1, channel_id=f"C{n}", channel_name=f"c{n}") for n in range(450))
    form = DESTINATION.render(replace(example(Purpose.TRIAGE_FORM, "ja"), case=replace(CASE, parts=mine)))
    block_kit.validate(form["blocks"])
    groups = next(b["element"]["option_groups"] for b in form["blocks"] if "option_groups" in b.get("element", {}))
    assert sum(len(group["options"]) for group in groups) == 450


def test_who_is_affected_is_counted_and_linked_however_many_they_are(block_kit: Validator) -> None:
    address = "https://kairan.example.com/findings/?q=CVE-1"
    shares = tuple(Share(f"team {n} " + "&" * 60, "new", 1_000, 900, n) for n in range(1, 61))
    drawn = DESTINATION.affected(Affected("CVE-1" + "&" * 100, True, shares, 200, True, address=address), "en")
    lines = drawn["blocks"][0]["text"]["text"].split("\n")
    assert broken(drawn) == []
    assert _controls(drawn) == []
    assert lines[-1] == f"<{address}|Open in Kairan>"
    assert lines[-2] == "There are more findings than were counted."
    left = re.fullmatch(r"and (\d+) more", lines[-3])
    assert left
    named = [line for line in lines if re.search(r"\(C-\d+\)$", line)]
    assert len(named) + int(left[1]) == 200
    assert all(not re.search(r"&(?!amp;|lt;|gt;)", line) for line in lines), "no entity is broken"


def test_a_long_title_stands_whole_below_its_header() -> None:
    title = "long " * 500
    drawn = DESTINATION.render(replace(example(Purpose.PSIRT_POST, "en"), case=replace(CASE, summary=title)))
    assert drawn["blocks"][0]["text"]["text"].endswith("…")
    assert title.strip() in drawn["blocks"][1]["text"]["text"]


def test_a_siem_address_that_is_too_long_is_said_to_be() -> None:
    facts = replace(CASE, links=(Link("siem_discover", "https://siem.example.com/" + "x" * 4_000),))
    drawn = DESTINATION.render(replace(example(Purpose.PSIRT_POST, "en"), case=facts))
    said = next(b["text"]["text"] for b in drawn["blocks"] if "SIEM Discover" in str(b))
    assert "too long" in said


def test_psirt_may_send_an_address_that_can_be_followed_and_nothing_else() -> None:
    text = "<!channel> see https://example.com/x_y *now*"
    drawn = DESTINATION.render(replace(example(Purpose.TRIAGE_MESSAGE, "en"), text=text))
    said = drawn["blocks"][0]["text"]["text"]
    assert "&lt;!channel&gt;" in said
    assert "<https://example.com/x_y|" in said
