"""One message of every purpose, made of the Dependabot article's sample: for tests, and for looking at a renderer."""

from datetime import UTC, datetime

from kairan.domain.message import (
    ActionOffer,
    CaseFacts,
    Fix,
    Item,
    Link,
    Message,
    Part,
    Place,
    Purpose,
)

_GHSA = "GHSA-xxxx-xxxx-xxxx"
_DAY = (datetime(2023, 3, 30, 15, tzinfo=UTC), datetime(2023, 3, 31, 15, tzinfo=UTC))
_OPENED = datetime(2023, 3, 31, 3, tzinfo=UTC)
_PARTS = tuple(
    Part(
        number,
        f"team-{number}",
        f"team_{number}",
        "new",
        1,
        channel_id=f"C000000000{number}",
        channel_name=f"team_{number}_channel",
        post=f"https://example.slack.com/archives/C000000000{number}/p168018840000000{number}",
    )
    for number in (1, 2)
)
CASE = CaseFacts(
    number=1,
    url="https://kairan.example.com/cases/C-1/",
    title="Vulnerability in XXX",
    summary="Vulnerability in XXX",
    severity="critical",
    status="new",
    kind="vulnerability",
    ids=(_GHSA, "CVE-2023-0001"),
    ghsa=_GHSA,
    window=_DAY,
    places=tuple(
        Place("repository", f"repository_{number}", f"https://github.com/example/repository_{number}", f"team_{number}")
        for number in (1, 2)
    ),
    fixes=(Fix("XXX", "gem", ("1.0.0",), "2.0.0"),),
    links=(
        Link("advisory", f"https://github.com/advisories/{_GHSA}"),
        Link("CVE-2023-0001", "https://nvd.nist.gov/vuln/detail/CVE-2023-0001"),
        Link("siem_discover", f"https://siem.example.com/_dashboards/app/discover#/?_q={_GHSA}"),
        Link("siem_dashboard", f"https://siem.example.com/_dashboards/app/dashboards#/view/1?_q={_GHSA}"),
    ),
    parts=_PARTS,
    sources=("github_dependabot",),
    total=2,
    opened_at=_OPENED,
)
_PSIRT = ("create_ticket", "claim", "decide", "defer")
_TEAM = ("fix", "not_affected", "ask")
_NEWS: dict[Purpose, tuple[str, dict[str, object]]] = {
    Purpose.UPDATE: ("decided", {"status": "risk_accepted", "reason": "only reachable from inside"}),
    Purpose.CLOSING: ("closed", {}),
    Purpose.REMINDER: ("reminded", {"told_at": "2023-03-31T03:00:00+00:00", "number": 1}),
    Purpose.ESCALATION: ("escalated", {"told_at": "2023-03-31T03:00:00+00:00", "number": 3}),
    Purpose.HANDOVER: ("handed_over", {"old": "team_1", "new": "team_2"}),
}
_NOTHING: tuple[str, dict[str, object]] = ("", {})
_ITEMS = tuple(
    Item(number, f"https://kairan.example.com/cases/C-{number}/", f"Vulnerability in {name}", severity, "new", number)
    for number, name, severity in ((1, "XXX", "critical"), (2, "YYY", "high"))
)


def example(purpose: Purpose, language: str) -> Message:
    """What such a message says of the article's sample."""
    zone = "Asia/Tokyo"
    code, params = _NEWS.get(purpose, _NOTHING)
    if purpose in {Purpose.DIGEST, Purpose.ROLL_UP}:
        link = "https://kairan.example.com/cases/"
        return Message(purpose, language, zone, items=_ITEMS, more=3, link=link)
    if purpose is Purpose.TEST:
        return Message(purpose, language, zone, by="admin", link="https://kairan.example.com/")
    return Message(
        purpose,
        language,
        zone,
        case=CASE,
        team="team_1" if purpose in {Purpose.TEAM_POST, Purpose.TRIAGE_MESSAGE, *_NEWS} else "",
        code=code,
        params=dict(params),
        text=_TEXTS[language == "ja"] if purpose is Purpose.TRIAGE_MESSAGE else "",
        offers=_offers(purpose),
        by="triager" if purpose in _NEWS or purpose is Purpose.TRIAGE_MESSAGE else "",
        filtered_by="ghsaId",
        link=CASE.url,
    )


_TEXTS = (
    "This is a vulnerability in the package “XXX”. Please update it to version 2.0.0.",
    "パッケージ「XXX」の脆弱性です。バージョン2.0.0にアップデートをお願いします。",
)


def _offers(purpose: Purpose) -> tuple[ActionOffer, ...]:
    if purpose is Purpose.PSIRT_POST:
        return tuple(ActionOffer(code, 1) for code in _PSIRT)
    if purpose is Purpose.TEAM_POST:
        return tuple(ActionOffer(code, 1, 1) for code in _TEAM)
    if purpose is Purpose.TRIAGE_FORM:
        return (ActionOffer("send_triage", 1),)
    return ()
