"""`/kairan CVE-2021-44228`: what was asked, and the answer to this person alone.

https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kairan.destinations.slack import blocks, escape
from kairan.destinations.slack.lines import Pen
from kairan.destinations.slack.manifest import COMMAND
from kairan.domain.affected import Affected, Share
from kairan.domain.message import Action
from kairan.domain.wording import status
from kairan.interfaces.destination import Payload

CODE = "lookup"
_MOST = 40  # lines
_LONGEST = 2_800
_TEXTS: Mapping[str, tuple[str, str]] = {
    "help": (
        "Type an id or a package: `/kairan CVE-2021-44228`, `/kairan log4j-core`. Only you see the answer.",
        "IDまたはパッケージ名を入力してください: `/kairan CVE-2021-44228`、`/kairan log4j-core`。"
        "回答はあなただけに表示されます。",
    ),
    "forbidden": (
        "Kairan does not know you: ask its administrators for an account with the e-mail address you have in Slack.",
        "Kairanに登録されていません。Slackと同じメールアドレスのアカウントを管理者に依頼してください。",
    ),
    "unknown": ("Kairan has never heard of {asked}.", "{asked} はKairanに記録がありません。"),
    "nobody": ("Nobody has open findings of {asked}.", "{asked} の未解決の検出はありません。"),
    "heading": ("Who is affected by {asked}", "{asked} の影響を受けるチーム"),
    "share": (
        "{team} · {status} · {findings} findings on {assets} assets",
        "{team}・{status}・検出{findings}件（資産{assets}件）",
    ),
    "nobodys": ("nobody's yet", "担当チームなし"),
    "no_case": ("no case", "ケースなし"),
    "cut": ("There are more findings than were counted.", "集計の上限を超える検出があります。"),
    "open": ("Open in Kairan", "Kairanで開く"),
}


def read(payload: Mapping[str, Any]) -> list[Action]:
    """The question in a slash command's payload; [] for any other payload."""
    if payload.get("command") != COMMAND:
        return []
    said = defaultdict(str, {name: value for name, value in payload.items() if isinstance(value, str)})
    return [
        Action(
            CODE,
            0,
            values={"text": said["text"][:500]},
            who=said["user_id"],
            channel=said["channel_id"],
            reply=said["response_url"],
            key=said["trigger_id"],
        )
    ]


def draw(found: Affected, language: str) -> Payload:
    """An ephemeral message."""
    said = text(found, language)
    return {"response_type": "ephemeral", "text": said, "blocks": [blocks.section(said)]}


def text(found: Affected, language: str) -> str:
    """The answer, fit for a section."""
    return "\n".join(_lines(found, language))


def _lines(found: Affected, language: str) -> list[str]:
    asked = f"*{escape.cut(found.asked, 200, escape.mrkdwn)}*"
    if found.is_forbidden:
        return [_text("forbidden", language)]
    if not found.asked:
        return [_text("help", language)]
    if not found.known or not found.shares:
        return [_text("nobody" if found.known else "unknown", language, asked=asked)]
    heading = _text("heading", language, asked=asked)
    end = [_text("cut", language)] if found.is_cut else []
    end += [escape.link(found.address, _text("open", language))] if found.address else []
    room = _LONGEST - sum(escape.width(each) + 1 for each in (heading, *end))
    shares = [_share(each, language) for each in found.shares[:_MOST]]
    return [heading, *Pen(language, "").rows(shares, room, found.total - len(shares)), *end]


def _share(share: Share, language: str) -> str:
    team = escape.cut(share.team, 60, escape.mrkdwn) if share.team else _text("nobodys", language)
    state = status(share.status, language) if share.status else _text("no_case", language)
    line = _text("share", language, team=team, status=state, findings=f"{share.findings:,}", assets=f"{share.assets:,}")
    return f"• {line}" + (f" (C-{share.case})" if share.case else "")


def _text(code: str, language: str, **parts: object) -> str:
    return _TEXTS[code][language == "ja"].format(**parts)
