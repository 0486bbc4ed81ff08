"""What PSIRT would write to the teams of a case: which package, and the version to go to.

The Japanese is the Dependabot article's. Forms are pre-filled with it, wherever they stand; people write what they
like.
"""

from collections.abc import Mapping, Sequence

from kairan.domain.message import Fix
from kairan.domain.wording import chosen

LONGEST = 3_000  # what a form's field takes
_PACKAGES = 5
_LONGEST_URL = 500
_TEXTS: Mapping[str, tuple[str, str]] = {
    "fix": (
        "This is a vulnerability in the package “{package}”. Please update it to version {fixed}.",
        "パッケージ「{package}」の脆弱性です。バージョン{fixed}にアップデートをお願いします。",
    ),
    "no_fix": (
        "This is a vulnerability in the package “{package}”. No fix is known yet: please tell us how you use it.",
        "パッケージ「{package}」の脆弱性です。修正版はまだありません。利用状況をお知らせください。",
    ),
    "other": (
        "“{title}” was found. Please look into it.",
        "「{title}」が検出されました。確認と対応をお願いします。",
    ),
    "more": ("({count} more packages: {url})", "(ほか{count}件: {url})"),
    "more_nowhere": ("({count} more packages)", "(ほか{count}件)"),
}


def advice(fixes: Sequence[Fix], title: str, url: str, language: str) -> str:
    """One sentence for each package; without one, about the title. `url` is where the rest can be read.

    At most half of what the field takes: people add their own words.
    """
    named = [fix for fix in fixes if fix.package]
    if not named:
        return _said("other", language, title=_short(title, 1_000))
    sentences = [_sentence(fix, language) for fix in named[:_PACKAGES]]
    while True:
        text = "\n".join([*sentences, *_rest(len(named) - len(sentences), url, language)])
        if len(text) <= LONGEST // 2:
            return text
        sentences.pop()


def _rest(count: int, url: str, language: str) -> list[str]:
    """An address is said whole or not at all: half of one leads nowhere."""
    fits = 0 < len(url) <= _LONGEST_URL
    return [_said("more" if fits else "more_nowhere", language, count=count, url=url)] if count else []


def _sentence(fix: Fix, language: str) -> str:
    code = "fix" if fix.fixed else "no_fix"
    return _said(code, language, package=_short(fix.package, 150), fixed=_short(fix.fixed, 80))


def _said(code: str, language: str, **parts: object) -> str:
    return chosen(_TEXTS[code], language).format(**parts)


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
