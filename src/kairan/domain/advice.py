"""What PSIRT would write to the teams of a case: which package, and the version to go to.

The Japanese is the Dependabot article's. Forms are pre-filled with it, wherever they stand; people write what they like.
"""

from collections.abc import Mapping, Sequence

from kairan.domain.message import Fix
from kairan.domain.wording import chosen

LONGEST = 3_000  # what a form's field takes
_PACKAGES = 5
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
}


def advice(fixes: Sequence[Fix], title: str, url: str, language: str) -> str:
    """One sentence for each package; without one, about the title. `url` is where the rest can be read."""
    known = [_sentence(fix, language) for fix in fixes[:_PACKAGES] if fix.package]
    if not known:
        return _said("other", language, title=_one_line(title)[:1_000])
    if len(fixes) > _PACKAGES:
        known.append(_said("more", language, count=len(fixes) - _PACKAGES, url=url[:500]))
    return "\n".join(known)


def _sentence(fix: Fix, language: str) -> str:
    code = "fix" if fix.fixed else "no_fix"
    return _said(code, language, package=_one_line(fix.package)[:150], fixed=_one_line(fix.fixed)[:80])


def _said(code: str, language: str, **parts: object) -> str:
    return chosen(_TEXTS[code], language).format(**parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
