"""A report that wants to break out of whatever shows it, and readers that notice when it did."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.reports import day, record, report

MARK = "hostilecall"  # the word by which the payload is found again, wherever it went
MARKUP = f"'\"><hostile-tag hostile=1><script>{MARK}()</script><img src=x onerror={MARK}()><svg onload={MARK}()>"
TERMINAL = f"\x1b]0;{MARK}\x07\x1b[31m\x9b2J\u0085"
TURNED = f"\u202e{MARK}\u2066\u200f\u061c"
NOTHING = "a\u0000b\ud800"
LONG = MARK + "x" * 10_000
MARKDOWN = (
    f"**bold** [click](javascript:{MARK}()) ![i](https://evil.example/i.png) <script>{MARK}()</script>\n\n"
    f"<a href='jAvAsCrIpT:{MARK}()' onclick='{MARK}()'>x</a> <iframe src=https://evil.example></iframe>\n\n"
    f"[data](data:text/html,{MARK}) <style>*{{color:red}}</style> {MARKUP}"
)
LINKS = [
    f"javascript:{MARK}()",
    f" \x01JaVaScRiPt:{MARK}()",
    f"data:text/html,<script>{MARK}()</script>",
    f"vbscript:{MARK}()",
    f"https://evil.example/'\"><script>{MARK}()</script>",
    "https://user:secret@evil.example/",
    "//evil.example/",
    "https://evil.example/" + "p" * 10_000,
]
TEXTS = {"markup": MARKUP, "terminal": TERMINAL, "turned": TURNED, "long": LONG, "template": "{{ 7|add:7 }}{% now %}"}


def reports() -> list[dict[str, Any]]:
    """One image for each kind of payload, which is in every text that a report may choose; and one that shrinks."""
    made = [_everywhere(f"CVE-2026-66{number:02d}", text) for number, text in enumerate(TEXTS.values())]
    image = f"ghcr.io/evil/held{MARKUP}"
    return [
        *made,
        report(record("CVE-2026-6699", f"nothing{NOTHING}", Title=NOTHING, Description=NOTHING), image="nothing:1"),
        report(record("CVE-2026-7700", MARKUP), image=image, at=day(1)),
        report(image=image, at=day(2), looked=False),  # it did not look: what it would close is held, with its names
    ]


def write(folder: Path) -> Path:
    """All of them as files, in order; and one that is no report, with a name that is an attack."""
    folder.mkdir()
    for number, document in enumerate(reports()):
        (folder / f"{number:02d}.json").write_text(json.dumps(document))
    (folder / "evil\x1b[31m<script>.json").write_text("{")
    return folder


def _everywhere(id_: str, text: str) -> dict[str, Any]:
    entry = record(
        id_,
        text,
        installed=text,
        fixed=text,
        status="fixed",
        path=text,
        severity="CRITICAL",
        Title=text,
        Description=text + MARKDOWN,
        PrimaryURL=LINKS[0],
        References=LINKS,
        SeveritySource=text,
        CweIDs=[text],
        CVSS={text: {"V3Vector": text, "V3Score": 9.8}},
        Layer={"Digest": text, "DiffID": text},
        VendorIDs=[text],
        DataSource={"ID": text, "Name": text, "URL": LINKS[0]},
    )
    own = record(f"GHSA-{text}", text, Title=text)
    misfit = record("", text)  # is rejected, and kept with its reason
    check = {
        "Target": text,
        "Class": "config",
        "Type": text,
        "Misconfigurations": [
            {
                "ID": f"KSV-{id_}",
                "Title": text,
                "Description": MARKDOWN,
                "Message": text,
                "Resolution": text,
                "Severity": "HIGH",
                "Status": "FAIL",
                "PrimaryURL": LINKS[1],
                "References": LINKS,
                "Namespace": text,
            }
        ],
    }
    return report(entry, own, misfit, image=f"ghcr.io/evil/{text}:1", results=[check])


# --- what a page came to be ------------------------------------------------------------------------------------------

_VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "source", "wbr", "col", "area"}
_FORBIDDEN = {
    "iframe",
    "object",
    "embed",
    "base",
    "style",
    "applet",
    "hostile-tag",
    "frame",
    "portal",
    "animate",
    "set",
}
_ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "poster", "data", "hx-get", "hx-post", "srcset"}
_OWN_IMAGES = "/static/"


class Page(HTMLParser):
    """Reads a page as a browser would, and writes down what must not be in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.broken: list[str] = []
        self.text: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()
        self.broken += ["a raw NUL"] * ("\0" in html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append((tag, said))
        self.broken += _wrong(tag, said)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.broken += _wrong(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if any(map(_turns, data)) and not self._isolated():
            self.broken.append(f"text that turns its direction is not kept apart: {data.strip()[:60]!a}")

    def _isolated(self) -> bool:
        """Apart from its neighbours; or not on the screen at all, but read out."""
        return any(
            tag in {"bdi", "title", "textarea", "option"} or "dir" in said or "unseen" in said.get("class", "").split()
            for tag, said in self._open
        )


def _wrong(tag: str, said: dict[str, str]) -> Iterator[str]:
    if tag in _FORBIDDEN:
        yield f"<{tag}>"
    if tag == "script" and not said.get("src", "").startswith("/static/"):
        yield "an inline or foreign <script>"
    if tag in {"img", "link"} and not (said.get("src") or said.get("href", "")).startswith(_OWN_IMAGES):
        yield f"<{tag}> from elsewhere: {said}"[:200]
    for name, value in said.items():
        if name.startswith("on") or name in {"style", "hostile", "srcdoc"} or "<" in name:
            yield f"attribute {name} on <{tag}>"
        if name in _ADDRESSES:
            yield from _wrong_address(tag, name, value, said)


def _wrong_address(tag: str, name: str, value: str, said: dict[str, str]) -> Iterator[str]:
    address = "".join(sign for sign in value if sign > " ")  # browsers look past blanks and control characters
    try:
        parts = urlsplit(address)
    except ValueError:
        yield f"an unreadable {name}: {value[:60]!a}"
        return
    if parts.scheme not in {"", "http", "https"}:
        yield f"{name}={value[:60]!a} on <{tag}>"
    elif parts.netloc or address.startswith(("//", "\\")):
        rel = set(said.get("rel", "").split())
        if tag != "a" or not {"noopener", "noreferrer", "nofollow"} <= rel:
            yield f"a link to {parts.netloc} without rel: <{tag} {name}>"


def _turns(sign: str) -> bool:
    return sign in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f\u061c"
