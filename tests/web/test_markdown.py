"""Foreign prose: rendered where it is Markdown, harmless whatever it is."""

import re
import time

import pytest

from kairan.web.markdown import host_of, is_markdown, plain, prose

ALLOWED = re.compile(
    r"</?(?:div|p|br|hr|blockquote|pre|code|em|strong|s|ul|ol|li|a|span|h4|h5|h6|table|thead|tbody|tr|th|td)"
    r'(?: class="(?:prose|foreign|host)"| dir="auto"| href="https?://[^"<>]*"| rel="noopener noreferrer nofollow")*'
    r"\s*/?>"
)


def markdown(text: str) -> str:
    return prose(text, "github_dependabot")


def test_markdown_is_rendered_and_headings_go_below_those_of_the_page() -> None:
    html = markdown("# Impact\n\nA *bad* `thing`.\n\n### Detail\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|")
    for part in ("<h4>Impact</h4>", "<h5>Detail</h5>", "<em>bad</em>", "<code>thing</code>", "<li>one</li>", "<td>2"):
        assert part in html


def test_plain_texts_keep_their_lines_and_signs() -> None:
    text = "A flaw in __init__ of *args\n  was found.\n1. not a list"
    assert str(prose(text, "nvd")) == f'<p class="foreign" dir="auto">{text}</p>'
    assert not is_markdown("# echo 1 > /proc/sys/x\nCall Trace:", "trivy")


def test_others_texts_are_markdown_when_they_look_like_it() -> None:
    assert is_markdown("### Impact\ntext", "trivy")
    assert is_markdown("see [this](https://example.com/)", "trivy")
    assert is_markdown("```\ncode\n```", "trivy")


def test_links_say_where_they_lead() -> None:
    html = markdown("[your bank](https://evil.example/x) and <https://plain.example/>")
    assert '<a href="https://evil.example/x" rel="noopener noreferrer nofollow">your bank</a>' in html
    assert '<span class="host">(evil.example)</span>' in html
    assert html.count("host") == 1


def test_a_user_in_an_address_is_no_host() -> None:
    assert host_of("https://github.com@evil.example/") == "evil.example"
    assert "(evil.example)" in markdown("[x](https://github.com@evil.example/)")


def test_images_become_links_and_load_nothing() -> None:
    html = markdown("![a cat](https://img.example/cat.png) [![badge](https://b.example/b)](https://c.example/)")
    assert "<img" not in html
    assert ">a cat</a>" in html
    assert '<a href="https://c.example/" rel="noopener noreferrer nofollow">badge</a>' in html
    assert "b.example/b" not in html


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "/login/",
     "//evil.example", "mailto:a@b.example", "java\tscript:alert(1)", "&#106;avascript:alert(1)", "http://[",
     "https:x"],
)  # fmt: skip
def test_what_may_not_be_a_link_is_text(address: str) -> None:
    html = markdown(f"[click]({address}) ![pic]({address}) <{address}> [r]\n\n[r]: {address}")
    assert "href" not in html
    assert "click" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "a <b onclick='alert(1)'>b</b>",
        "<!-- --!><script>alert(1)</script>",
        "```html\n<script>alert(1)</script>\n```",
        "`<script>alert(1)</script>`",
        '[<script>alert(1)</script>](https://ok.example/"onmouseover=alert(1))',
        '!["><script>alert(1)</script>](https://ok.example/)',
        "# <iframe src=//evil.example>",
        "|<script>|\n|-|\n|<img src=x>|",
        "[x](https://ok.example/ \"' onclick=alert(1) x='\")",
        "</div></article><style>*{display:none}</style>",
        "<a href='javascript:alert(1)'>x</a>",
        "{{ 7 }}{% now %}",
    ],
)
@pytest.mark.parametrize("publisher", ["osv", "nvd"])
def test_hostile_texts_show_as_text(text: str, publisher: str) -> None:
    html = str(prose(text, publisher))
    tags = re.findall(r"<[^>]*>", html)
    assert [tag for tag in tags if not ALLOWED.fullmatch(tag)] == []


def test_marks_that_turn_the_direction_are_taken_out_of_markdown() -> None:
    html = markdown("safe \u202etxt.exe\u202c [a\u2066b](https://ok.example/)")
    assert not set(html) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert 'dir="auto"' in html


@pytest.mark.parametrize(
    "text",
    [
        "- " * 1_000 + "x",
        "> " * 1_000 + "x",
        "\n".join("  " * depth + "- x" for depth in range(150)),
        "n" * 10_000,
        "[" * 19_000,
        "![" * 9_000,
        "[a](" * 4_900,
        "*a _b " * 3_000,
        "`" * 19_999,
        "a|" * 10 + "\n" + "-|" * 10 + "\n" + ("a|" * 10 + "\n") * 900,
        "\\[" * 9_000,
        "&#x0;" * 3_900,
        "[x]: https://a.example/\n" * 800,
        "*" * 19_000 + "a",
        "x" * 1_000_000,
    ],
    ids=range(15),
)
def test_absurd_texts_cost_little(text: str) -> None:
    begun = time.process_time()
    html = markdown(text)
    assert time.process_time() - begun < 2
    assert "prose" in html or "foreign" in html


@pytest.mark.parametrize(
    "text", ["- " * 1_000 + "end", "> " * 1_000 + "end", "\n".join("  " * depth + "- end" for depth in range(60))]
)
def test_nothing_is_lost_where_nesting_goes_too_deep(text: str) -> None:
    assert prose(text, "osv") == plain(text)
    assert "end" in markdown("\n".join("  " * depth + "- end" for depth in range(10)))


def test_rendering_that_nests_too_deeply_falls_back_to_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def nested(text: str) -> str:
        raise RecursionError

    monkeypatch.setattr("kairan.web.markdown.rendered", nested)
    assert prose("# a text that nobody rendered before", "osv") == plain("# a text that nobody rendered before")


@pytest.mark.parametrize(
    "text",
    [
        "a|" * 3_300 + "\n" + "-|" * 3_300 + "\n" + "b|" * 3_000,
        "a|" * 50 + "\n" + "-|" * 50 + "\n" + "a\n" * 5_000,
        "a|" * 10 + "\n" + "-|" * 10 + "\n" + "a\n" * 5_000,
        "a|" * 50 + "\n" + "-|" * 50 + "\n" + "a\n" * 90,
        "- <http://a.b>\n" * 700,
        "[" * 20_000,
    ],
    ids=["columns", "rows", "narrow rows", "few rows", "links", "brackets"],
)
def test_html_is_never_much_longer_than_its_text(text: str) -> None:
    html = prose(text, "osv")
    assert len(html) <= 5_000 + 6 * len(text)
    assert html == plain(text)


def test_a_table_that_people_write_stays_one() -> None:
    table = "|package|version|fixed|\n|-|-|-|\n" + "|openssl|1.0.1|1.0.2|\n" * 300
    assert prose(table, "osv").count("<tr>") == 301
