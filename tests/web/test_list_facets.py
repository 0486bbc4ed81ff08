"""Facets beside the list: counts, and what a click on a value asks for."""

import re
from html import unescape
from typing import Any

from django.test import Client

from kairan.domain.severity import Severity

from .test_list import asked, page, shown


def facets(client: Client, query: str) -> dict[str, dict[str, tuple[str, str, bool]]]:
    """By facet and value: the number, where a click leads, is it chosen."""
    answer = client.get(asked(query).replace("/findings/?", "/findings/facets/?"), headers={"HX-Request": "true"})
    assert "HX-Request" in answer["Vary"]
    text = answer.content.decode()
    assert "<html" not in text
    found: dict[str, dict[str, tuple[str, str, bool]]] = {}
    for key, body in re.findall(r'<details class="facet" id="facet-([a-z-]+)".*?</summary>(.*?)</details>', text, re.S):
        found[key] = {}
        for address, rest, inner in re.findall(
            r'<a id="[^"]*" class="tick" href="([^"]*)"([^>]*)>(.*?)</a>', body, re.S
        ):
            number = re.search(r'class="many">([^<]*)<', inner)
            label = re.sub(r"<[^>]*>", "", re.sub(r'<span class="many">.*', "", inner)).strip()
            found[key][unescape(label)] = (number[1] if number else "", unescape(address), "aria-current" in rest)
    return found


def test_values_with_counts_narrow_and_widen_the_query(viewer: Client, street: Any) -> None:
    for number in range(6):
        street.finding(severity=(Severity.HIGH, Severity.LOW)[number % 2], asset=f"web {number % 3}", open=number != 5)
    found = facets(viewer, "is:open")
    assert found["state"] == {
        "Open": ("5", "/findings/?q=", True),
        "Closed": ("1", "/findings/?q=is%3Aopen%2Cclosed", False),
    }
    assert list(found["severity"]) == ["High", "Low"]
    number, address, chosen = found["severity"]["Low"]
    assert (number, chosen) == ("2", False)
    assert len(shown(viewer, address)) == 2
    found = facets(viewer, "is:open severity:low")
    assert found["severity"]["Low"] == ("2", "/findings/", True)
    number, address, _ = found["severity"]["High"]
    assert number == "3"  # what it would bring beside the chosen ones
    assert len(shown(viewer, address)) == 5
    number, address, _ = found["image"]["web 0"]
    assert 'image:"web 0"' in page(viewer, address).replace("&quot;", '"')
    assert len(shown(viewer, address)) == int(number)


def test_a_chosen_value_that_nothing_has_can_be_taken_back(viewer: Client, street: Any) -> None:
    street.finding()
    found = facets(viewer, "is:open package:nothing,openssl")
    assert found["package"]["nothing"] == ("", "/findings/?q=is%3Aopen+package%3Aopenssl", True)
    assert found["package"]["openssl"][2]


def test_without_scripts_the_facets_are_a_page(viewer: Client, street: Any) -> None:
    street.finding()
    assert '<a href="/findings/facets/">' in page(viewer, "/findings/")
    text = page(viewer, "/findings/facets/")
    assert "<html" in text
    assert "openssl" in text


def test_counts_of_a_part_say_at_least(viewer: Client, street: Any, monkeypatch: Any) -> None:
    from kairan.store.queries.facets import facets as counted

    monkeypatch.setitem(counted.__kwdefaults__, "most", 2)
    for _ in range(4):
        street.finding()
    assert facets(viewer, "-package:none")["severity"]["High"][0].endswith("+")
    assert facets(viewer, "is:open")["severity"]["High"][0] == "4"


def test_a_query_that_is_none_has_no_facets(viewer: Client, street: Any) -> None:
    street.finding()
    assert facets(viewer, "is:open (") == {}
