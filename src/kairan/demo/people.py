"""What the company's people do about their cases: who answers soon, who never does, what they decide and write.

Dice with a question of their own for each day and part, so that a day is the same however often it is begun.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kairan.demo.organisation import TEAMS, Someone
from kairan.domain.triage import Justification, Status, Until

Kind = Literal["claim", "decide", "fix", "verify", "move", "approve", "refuse", "comment", "ask", "watch"]
Dice = Callable[..., random.Random]

TRIAGER, APPROVER = "triager", "approver"
# How probable it is that a team looks at something of its own on a working day.
_ZEAL: Mapping[str, float] = {
    "storefront": 0.40,
    "payments": 0.55,
    "search": 0.28,
    "logistics": 0.05,  # they have other worries
    "members": 0.26,
    "mobile": 0.24,
    "data": 0.10,
    "platform": 0.34,
    "": 0.04,  # nobody's: PSIRT, when there is time
}
_PEOPLE: Mapping[str, Sequence[Someone]] = {team.key: team.people for team in TEAMS}
_SATURDAY = 5
_SOON = 0.4  # that what is fixed is rolled out when somebody looks
_SURE, _BURNT = 0.30, 0.05  # that somebody says it is fixed; once a scan has said that it is not
_SAID = 0.12  # how often somebody writes something
_ACTIVE = (Status.NEW, Status.TRIAGING, Status.ACTION_NEEDED, Status.FIX_CLAIMED)


@dataclass(frozen=True, slots=True)
class Part:
    """A part as somebody of its team sees it. `waiting` is a decision that waits for an approver."""

    id: int
    case: int
    team: str
    status: str
    relook: str
    since: datetime
    has_fix: bool
    is_control: bool
    is_claimed: bool
    waiting: int | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Deed:
    """What `who` (a login name) does. `about` is a part, a case (comment, watch) or a decision (approve, refuse)."""

    kind: Kind
    who: str
    about: int
    text: str = ""
    status: str = ""
    justification: str = ""
    until: str = ""
    until_at: datetime | None = None


def is_working_day(local: datetime) -> bool:
    return local.weekday() < _SATURDAY


def deeds(dice: Dice, day: int, parts: Sequence[Part], now: datetime) -> Iterator[Deed]:
    """What people do on this day, one thing a part at most, and now and then a word."""
    for part in parts:
        chance = dice("deed", day, part.id)
        if part.waiting is not None:
            yield from _approval(chance, part, now)
        elif chance.random() < _ZEAL.get(part.team, 0.2):
            yield from _answer(chance, part, now)
        if part.status in _ACTIVE and chance.random() < _SAID * _ZEAL.get(part.team, 0.2):
            yield _comment(chance, part)


def _approval(chance: random.Random, part: Part, now: datetime) -> Iterator[Deed]:
    """The approver takes a day or two, and does not agree to everything."""
    assert part.waiting is not None
    if part.waiting_since and now - part.waiting_since > timedelta(hours=20) and chance.random() < 0.6:
        if chance.random() < 0.72:
            yield Deed("approve", APPROVER, part.waiting, "期限までに再確認してください。")
        else:
            yield Deed(
                "refuse", APPROVER, part.waiting, "根拠が足りません。ネットワークからの到達可否を確認してください。"
            )


def _answer(chance: random.Random, part: Part, now: datetime) -> Iterator[Deed]:
    who = _who(chance, part.team)
    match part.status:
        case Status.NEW:
            yield _first_answer(chance, part, who, now)
        case Status.TRIAGING:
            yield _after_a_look(chance, part, who, now)
        case Status.ACTION_NEEDED:
            if chance.random() < (_BURNT if part.relook else _SURE):
                yield Deed("fix", who.username, part.id, _word(chance, who, _FIXED))
        case Status.FIX_CLAIMED:
            if chance.random() < _SOON:
                yield Deed("verify", who.username, part.id, _word(chance, who, _DEPLOYED))
        case Status.DEFERRED | Status.RISK_ACCEPTED if part.relook:
            yield Deed("move", who.username, part.id, _word(chance, who, _NEEDED), Status.ACTION_NEEDED)
        case _:
            if chance.random() < 0.05:
                yield Deed("watch", who.username, part.case)


def _first_answer(chance: random.Random, part: Part, who: Someone, now: datetime) -> Deed:
    roll = chance.random()
    if roll < 0.62:
        return Deed("claim", who.username, part.id)
    if roll < 0.68:
        return Deed("ask", who.username, part.id, _word(chance, who, _QUESTIONS))
    return _settled(chance, part, who, now)


def _after_a_look(chance: random.Random, part: Part, who: Someone, now: datetime) -> Deed:
    if part.relook or chance.random() < 0.66:
        return Deed("move", who.username, part.id, _word(chance, who, _NEEDED), Status.ACTION_NEEDED)
    return _settled(chance, part, who, now)


def _settled(chance: random.Random, part: Part, who: Someone, now: datetime) -> Deed:
    """Somebody finds that nothing has to be done, or not now."""
    roll = chance.random()
    if not part.has_fix and not part.is_control:
        return _decided(part, who, Status.DEFERRED, _word(chance, who, _NO_FIX), until=Until.FIX)
    if roll < 0.30:
        why = chance.choice(list(Justification))
        return _decided(part, who, Status.NOT_AFFECTED, _word(chance, who, _UNTOUCHED), justification=why)
    if roll < 0.42:
        return _decided(part, who, Status.FALSE_POSITIVE, _word(chance, who, _WRONG))
    end = now + timedelta(days=chance.choice((10, 14, 21, 30)))
    if roll < 0.70:
        return _decided(part, who, Status.DEFERRED, _word(chance, who, _LATER), until=Until.DATE, until_at=end)
    return _decided(part, who, Status.RISK_ACCEPTED, _word(chance, who, _ACCEPTED), until=Until.DATE, until_at=end)


def _decided(
    part: Part,
    who: Someone,
    status: Status,
    text: str,
    *,
    justification: str = "",
    until: str = "",
    until_at: datetime | None = None,
) -> Deed:
    return Deed("decide", who.username, part.id, text, status, justification, until, until_at)


def _comment(chance: random.Random, part: Part) -> Deed:
    who = _who(chance, part.team)
    return Deed("comment", who.username, part.case, _word(chance, who, _COMMENTS))


def _who(chance: random.Random, team: str) -> Someone:
    """Somebody of the team; PSIRT for what is nobody's."""
    return chance.choice(_PEOPLE[team]) if team in _PEOPLE else Someone(TRIAGER, "PSIRT")


_Texts = Mapping[str, Sequence[str]]


def _word(chance: random.Random, who: Someone, texts: _Texts) -> str:
    return chance.choice(texts[who.language])


_NEEDED: _Texts = {
    "ja": (
        "影響あり。次のスプリントで修正します。",
        "本番で使っている機能です。対応します。",
        "更新の手順を確認中です。",
    ),
    "en": ("We are affected; the upgrade goes into this sprint.", "This is on the request path. We will fix it."),
}
_FIXED: _Texts = {
    "ja": ("修正版に更新し、マージしました。", "ベースイメージを更新しました。", "設定を変更しました。"),
    "en": ("Upgraded and merged.", "Rebuilt on the new base image.", "The setting is changed."),
}
_DEPLOYED: _Texts = {
    "ja": ("本番へのデプロイが完了しました。次のスキャンで確認してください。",),
    "en": ("Deployed to production; the next scan should no longer see it.",),
}
_NO_FIX: _Texts = {
    "ja": ("修正版が出るまで待ちます。",),
    "en": ("There is no fix yet; we wait for the release.",),
}
_UNTOUCHED: _Texts = {
    "ja": ("該当の関数は呼び出していません。", "この構成では到達できないコードです。"),
    "en": ("We never call the vulnerable function.", "Only used at build time; it is not in the running image."),
}
_WRONG: _Texts = {
    "ja": ("スキャナーの誤検知です。配布元のパッチ適用済みでした。",),
    "en": ("False positive: the distribution has patched this version.",),
}
_LATER: _Texts = {
    "ja": ("リリース凍結中のため、凍結明けに対応します。", "移行後に廃止するため、それまで延期します。"),
    "en": ("Release freeze until then; we take it right after.", "The service is replaced by then."),
}
_ACCEPTED: _Texts = {
    "ja": ("社内ネットワークからのみ到達可能。WAF のルールで緩和しています。",),
    "en": ("Reachable from the internal network only, and mitigated by a WAF rule.",),
}
_QUESTIONS: _Texts = {
    "ja": ("この機能は使っていないはずですが、該当しますか?", "検証環境だけなら優先度を下げてもよいでしょうか?"),
    "en": ("Does this apply if we only use the client library?", "Is there a proof of concept we can test against?"),
}
_COMMENTS: _Texts = {
    "ja": (
        "ステージングで確認中です。",
        "ベンダーに問い合わせています。回答は来週の予定です。",
        "同じ修正で他の2件も解消する見込みです。",
        "依存関係の更新でテストが落ちています。調査します。",
    ),
    "en": (
        "Testing on staging now.",
        "Asked the vendor; an answer is due next week.",
        "The same upgrade closes two more of these.",
        "The update breaks a contract test; looking into it.",
    ),
}
