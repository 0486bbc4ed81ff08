"""The words of messages, in the reader's language. Destinations say them; pages have their own (gettext).

What the Dependabot article shows (`repository`, `securityAdvisory`, `severity`, `SIEM Discover`) stands in messages of
every language as it does there.
"""

from collections.abc import Mapping

STATUS: Mapping[str, tuple[str, str]] = {
    "new": ("New", "未対応"),
    "triaging": ("Triaging", "調査中"),
    "action_needed": ("Action needed", "対応中"),
    "fix_claimed": ("Fix claimed", "対応完了の申告"),
    "waiting_for_verification": ("Waiting for verification", "検証待ち"),
    "resolved": ("Resolved", "解決済み"),
    "not_affected": ("Not affected", "影響なし"),
    "false_positive": ("False positive", "誤検知"),
    "risk_accepted": ("Risk accepted", "リスク受容"),
    "deferred": ("Deferred", "保留"),
}
SEVERITY: Mapping[str, tuple[str, str]] = {
    "critical": ("critical", "緊急"),
    "high": ("high", "高"),
    "medium": ("medium", "中"),
    "low": ("low", "低"),
    "none": ("none", "なし"),
    "unknown": ("unknown", "不明"),
}
RELOOK: Mapping[str, tuple[str, str]] = {
    "expired": ("needs another look: its time is over", "再確認が必要: 期限が過ぎました"),
    "fix_known": ("needs another look: a fix is known", "再確認が必要: 修正版が公開されました"),
    "exploited": ("needs another look: it is exploited", "再確認が必要: 悪用が確認されました"),
    "still_seen": (
        "needs another look: a newer scan still sees it",
        "再確認が必要: 新しいスキャンでも検出されています",
    ),
    "joined": ("needs another look: more was found", "再確認が必要: 新たに検出されました"),
}
SOURCE: Mapping[str, str] = {
    "github_dependabot": "Dependabot",
    "trivy": "Trivy",
    "aws_security_hub": "Security Hub",
    "osv": "OSV",
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "and_more": ("and {count} more", "ほか{count}件"),
    "all_of_it": ("all of it", "全文"),
    "too_long": ("the address is too long to be shown here", "URLが長すぎるため表示できません"),
    "teams": ("Teams", "担当チーム"),
    "nobody": ("nobody's yet", "担当チームなし"),
    "fixed_in": ("Fixed in", "修正版"),
    "no_fix": ("no fix is known yet", "修正版はまだありません"),
    "due": ("due {date}", "対応期限 {date}"),
    "by": ("by {name}", "{name}さん"),
    "found": ("{count} findings", "検出{count}件"),
    "ticket": ("Ticket", "チケット"),
    "kairan": ("Open in Kairan", "Kairanで開く"),
    "exploited": ("Known to be exploited", "既知の悪用あり"),
    "demo": ("Demo: nothing here is real", "デモ: 実在するものではありません"),
    "control": ("control", "control"),
}


def word(code: str, language: str, **parts: object) -> str:
    """One of this module's texts, filled in."""
    return chosen(_WORDS[code], language).format(**parts)


def chosen(texts: tuple[str, str], language: str) -> str:
    """(English, Japanese): English for whoever reads neither."""
    return texts[language == "ja"]


def status(code: str, language: str) -> str:
    """A status nobody translated is shown as it is, never hidden."""
    return chosen(STATUS.get(code, (code, code)), language)


def severity(code: str, language: str) -> str:
    """In a sentence; the article's line of a post keeps its English."""
    return chosen(SEVERITY.get(code, (code, code)), language)


def relook(code: str, language: str) -> str:
    return chosen(RELOOK.get(code, (code, code)), language)


def source(kind: str) -> str:
    """What people call a source in a message's title."""
    return SOURCE.get(kind, kind.replace("_", " ").title())
