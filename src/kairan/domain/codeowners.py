"""CODEOWNERS files, by GitHub's rules: the last line whose pattern fits a path says who owns it.

Patterns are those of .gitignore without `!`, `[ ]` and `\\#`. GitLab's section heads (`[Name] @default`) are read too:
what stands below one and names nobody belongs to the section's owners.
https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/reference/
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_BYTES = 3_000_000  # GitHub reads no larger ones
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](\[[0-9]+\])?\s*(?P<owners>.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One pattern with those it names, in their order; nobody: what fits is nobody's."""

    pattern: str
    owners: tuple[str, ...]
    regex: re.Pattern[str]
    number: int


def parse(text: str) -> list[Line]:
    """The lines that say something. What GitHub skips as invalid is skipped."""
    return list(_lines(text))


def owners(lines: Sequence[Line], path: str) -> tuple[str, ...]:
    """Who owns a path, relative to the repository's root; () nobody."""
    path = path.removeprefix("./").lstrip("/")
    found = next((line for line in reversed(lines) if line.regex.match(path)), None)
    return found.owners if found else ()


def _lines(text: str) -> Iterator[Line]:
    default: tuple[str, ...] = ()
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        section = _SECTION.fullmatch(stripped)
        if section:
            default = tuple(_named(section["owners"].split()))
            continue
        pattern, *names = re.split(r"(?<!\\)\s+", stripped)
        pattern = pattern.replace("\\ ", " ")
        if pattern.startswith("!"):
            continue
        yield Line(pattern, tuple(_named(names)) or default, _regex(pattern), number)


def _named(words: Sequence[str]) -> Iterator[str]:
    """Names and addresses before a comment."""
    for word in words:
        if word.startswith("#"):
            return
        yield word


def _regex(pattern: str) -> re.Pattern[str]:
    """A pattern with a slash before its end is meant from the root, any other at any depth.

    What it fits may be a folder: all below it belongs to it; but `docs/*` means the files of that folder alone.
    """
    is_folder = pattern.endswith("/")
    body = pattern.strip("/")
    start = "" if pattern.startswith("/") or "/" in body else "(?:.*/)?"
    parts = body.split("/") if body else []
    inner = "".join(_parts(parts))
    alone = bool(parts) and parts[-1] == "*" and len(parts) > 1
    end = "/.+" if is_folder and body else "" if alone or not body else "(?:/.*)?"
    return re.compile(f"{start}{inner}{end}" + (r"\Z" if body else ""), re.DOTALL)


def _parts(parts: Sequence[str]) -> Iterator[str]:
    last = len(parts) - 1
    for at, part in enumerate(parts):
        if part == "**":
            yield ".*" if at == last else "(?:.*/)?"
            continue
        yield "".join(_sign(sign) for sign in re.findall(r"\*+|\?|[^*?]", part))
        if at < last:
            yield "/"


def _sign(sign: str) -> str:
    if sign.startswith("*"):
        return "[^/]*"
    return "[^/]" if sign == "?" else re.escape(sign)
