"""Text search: the same tokens for what is stored and what is asked.

Words are split at everything that is neither letter nor digit; Chinese, Japanese and Korean text, which has no spaces,
is cut into overlapping pairs. So `log4j-core` is found by `log4j`, `core` and `log4j-core`, 脆弱性 by 脆弱 and 弱性.
"""

import re
import unicodedata

_RUNS = re.compile(r"[^\W_]+")
_ASCII_RUNS = re.compile(r"[a-z0-9]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff々ー]+")
LONGEST = 200  # PostgreSQL refuses lexemes of 2 KB; nobody types that much


def tokens(text: str) -> list[str]:
    """The tokens of a text, in order."""
    if text.isascii():  # most are, and need nothing of what follows
        return [word[:LONGEST] for word in _ASCII_RUNS.findall(text.lower())]
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        at = 0
        for cjk in _CJK.finditer(run):
            _add(found, run[at : cjk.start()])
            _add_pairs(found, cjk.group())
            at = cjk.end()
        _add(found, run[at:])
    return found


def _add(found: list[str], word: str) -> None:
    if word:
        found.append(word[:LONGEST])


def _add_pairs(found: list[str], text: str) -> None:
    if len(text) == 1:
        found.append(text)
    found.extend(text[at : at + 2] for at in range(len(text) - 1))
