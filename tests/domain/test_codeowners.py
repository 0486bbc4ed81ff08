"""CODEOWNERS files by the rules that GitHub documents."""

import pytest

from kairan.domain.codeowners import owners, parse

# https://docs.github.com/.../about-code-owners#example-of-a-codeowners-file
EXAMPLE = """\
# Each line is a file pattern followed by one or more owners.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README", ("@global-owner1", "@global-owner2")),
        ("deep/down/a.js", ("@js-owner",)),
        ("main.go", ("docs@example.com",)),
        ("docs/a.md", ("@doctocat",)),
        ("docs/build-app/troubleshooting.md", ("@doctocat",)),
        ("lib/apps/x", ("@octocat",)),
        ("deep/logs/x/y", ("@octocat",)),
        ("build/logs/x", ("@octocat",)),
        ("scripts/deploy", ("@doctocat", "@octocat")),
        ("apps/github", ()),
        ("apps/github/workflow.yml", ()),
        ("./apps/other", ("@octocat",)),
    ],
)
def test_the_last_line_that_fits_wins(path: str, expected: tuple[str, ...]) -> None:
    assert owners(parse(EXAMPLE), path) == expected


@pytest.mark.parametrize(
    ("pattern", "fits", "misses"),
    [
        ("docs/*", ["docs/a.md"], ["docs/b/a.md", "x/docs/a.md"]),
        ("/a/**/b.txt", ["a/b.txt", "a/q/r/b.txt"], ["x/a/b.txt", "a/qb.txt"]),
        ("foo/**", ["foo/q/r"], ["x/foo/q", "foobar"]),
        ("pom.xml", ["pom.xml", "batch/pom.xml"], ["xpom.xml", "pom.xml.bak"]),
        ("?.go", ["a.go", "x/a.go"], ["ab.go"]),
        ("path\\ with\\ spaces/", ["path with spaces/x"], ["path"]),
        ("*", ["a", "a/b/c"], []),
        ("/", ["a", "a/b"], []),
    ],
)
def test_patterns_are_those_of_gitignore(pattern: str, fits: list[str], misses: list[str]) -> None:
    lines = parse(f"{pattern} @x")
    assert [path for path in (*fits, *misses) if owners(lines, path)] == fits


def test_sections_hand_their_owners_down() -> None:
    lines = parse("[Front][2] @web\n/web/\n/pay/ @pay\n^[Rest]\n/rest/\n")
    assert [owners(lines, path) for path in ("web/x", "pay/x", "rest/x")] == [("@web",), ("@pay",), ()]
