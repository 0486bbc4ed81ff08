"""Every text of ours exists in Japanese, and every page is served in both languages and by our own files only."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from django.contrib.staticfiles import finders
from django.test import Client

import kairan.web

WEB = Path(kairan.web.__file__).parent
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
METHODS = [("**.py", "python"), ("templates/**.html", "kairan.web.extraction:extract_django")]


def texts() -> set[tuple[str | None, str]]:
    found = extract_from_dir(WEB, method_map=METHODS, keywords=KEYWORDS)
    return {(context, message if isinstance(message, str) else message[0]) for _, _, message, _, context in found}


def translated() -> dict[tuple[str | None, str], Any]:
    with (WEB / "locale/ja/LC_MESSAGES/django.po").open("rb") as file:
        messages = list(read_po(file, locale="ja"))
    return {(m.context, m.id if isinstance(m.id, str) else m.id[0]): m for m in messages if m.id}


def test_the_extractor_reads_python_and_templates() -> None:
    assert {
        (None, "Log in"),
        (None, "just now"),
        ("state", "Open"),
        (None, "%(shown)s finding"),
    } <= texts()


def test_every_text_has_its_japanese_and_none_is_left_over() -> None:
    known = translated()
    done = {
        key for key, m in known.items() if not m.fuzzy and all([m.string] if isinstance(m.string, str) else m.string)
    }
    assert texts() - done == set(), "write these in locale/ja/LC_MESSAGES/django.po"
    assert set(known) - texts() == set(), "nothing uses these any more"


def test_placeholders_and_tags_survive_translation() -> None:
    parts = re.compile(r"%\(\w+\)s|<[^>]+>")
    for (_, text), message in translated().items():
        for japanese in [message.string] if isinstance(message.string, str) else message.string:
            assert sorted(parts.findall(japanese)) == sorted(parts.findall(text)), text


NAMES = {"Kairan", "CVSS", "JSON", "PSIRT", "kairan", "config", "check", "diff", "apply", "yaml"}  # and of commands


def test_template_text_is_never_bare() -> None:
    """A word in a template outside a translation tag would be English for everybody."""
    for template in sorted((WEB / "templates").rglob("*.html")):
        text = re.sub(
            r"{% comment %}.*?{% endcomment %}|{% blocktranslate.*?{% endblocktranslate %}",
            "",
            template.read_text(),
            flags=re.S,
        )
        text = re.sub(r"{[%{#].*?[%}#]}", "", re.sub(r"<(code|kbd)>.*?</\1>", "", text), flags=re.S)
        bare = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", text)))
        assert bare <= NAMES, template


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_load_own_files_only_and_hold_nothing_inline(language: str, person: Any, street: Any) -> None:
    client = Client()
    client.force_login(person("viewer", language=language))
    finding = street.finding(title="Titel", links=[])
    for address in ("/findings/", f"/findings/F-{finding.id}/", "/findings/?q=zzz", "/setup/x/", "/nowhere"):
        text = client.get(address, headers={"Accept-Language": language}).content.decode()
        assert f'<html lang="{language}"' in text
        assert re.search(r"\son\w+=|\sstyle=|<style", text) is None
        for tag in re.findall(r"<(?:script|link|img)[^>]*>", text):
            source = re.search(r'(?:src|href)="(/static/[^"]+)"', tag)
            assert source, tag
            assert finders.find(source[1].removeprefix("/static/")), tag


def test_static_files_are_served_without_collectstatic(db: None) -> None:
    for path in ("kairan/tokens.css", "kairan/kairan.css", "kairan/kairan.js", "django_htmx/htmx-2.min.js"):
        answer = Client().get(f"/static/{path}")
        assert answer.status_code == 200, path
        assert answer.content


def test_colours_are_readable_in_both_themes() -> None:
    """WCAG 2.2 AA: 4.5:1 for text on each ground it stands on."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (WEB / "static/kairan/tokens.css").read_text())
    colours = {name: (light, dark) for name, light, dark in pairs}
    grounds = ("paper", "sheet", "sunk", "needs-you-ground")
    inks = ("ink", "faint", "link", "needs-you", "critical", "high", "medium", "low", "no-severity", "good")
    for theme in (0, 1):
        for ink in inks:
            for ground in grounds:
                assert contrast(colours[ink][theme], colours[ground][theme]) >= 4.5, (ink, ground, theme)
        assert contrast(colours["on-solid"][theme], colours["solid"][theme]) >= 4.5
        assert contrast(colours["edge"][theme], colours["sheet"][theme]) >= 3


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
