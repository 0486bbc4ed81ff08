"""What the query bar proposes while one types, and what it would replace."""

from typing import Any

import pytest
from django.test import Client

from kairan.domain.severity import Severity


def proposed(client: Client, text: str) -> list[str]:
    """The texts of the query with each proposal in its place. `|` is the caret."""
    before, _, after = text.partition("|")
    answer = client.get("/findings/suggestions/", {"q": before + after, "at": str(len(before))})
    assert answer.status_code == 200
    said = answer.json()
    whole = before + after
    return [whole[: said["start"]] + each["text"] + whole[said["end"] :] for each in said["options"]]


def test_keys_are_proposed_and_ask_for_a_value(viewer: Client, street: Any) -> None:
    answer = viewer.get("/findings/suggestions/", {"q": "is:open sev", "at": "11"}).json()
    assert answer == {
        "start": 8,
        "end": 11,
        "options": [{"text": "severity:", "help": "how bad", "more": True}],
    }


def test_all_keys_where_nothing_is_typed(viewer: Client, street: Any) -> None:
    assert proposed(viewer, "is:open |")[0] == "is:open is:"
    assert "exploit:" not in " ".join(proposed(viewer, "|"))  # nobody can answer it yet


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("severity:|", "severity:critical"),
        ("severity:>=h| is:open", "severity:>=high is:open"),
        ("severity:high,c|", "severity:high,critical"),
        ("is:open -is:clo|", "is:open -is:closed"),
        ("sev|erity:high", "severity:"),
        ("fixed:y|", "fixed:yes"),
        ("first-seen:|", "first-seen:<1d"),
        ("first-seen:<7|", "first-seen:<7d"),
        ("(source:t| or is:open)", "(source:trivy or is:open)"),
        ("crit|", "severity:critical"),
        ("-opn|", None),
        ("package:op|", "package:openssl"),
        ("package:OPE|", "package:openssl"),
        ('package:"lib 1|', 'package:"lib 1, x"'),
        ("package:curl,ope|", "package:curl,openssl"),
        ("id:cve-2026-7|", "id:CVE-2026-77"),
        ("cve:2026-7|", "cve:CVE-2026-77"),
        ("cve-2026-7|", "id:CVE-2026-77"),
        ("openss|", "package:openssl"),
        ("asset:sho|", "asset:registry.example/shop"),
        ("image:shop|", "image:registry.example/shop"),
        ("repo:|", None),
        ("asset-kind:i|", "asset-kind:image"),
        ("ecosystem:|", "ecosystem:deb"),
        ("path:pom|", "path:pom.xml"),
        ("zzzzzz|", None),
    ],
)
def test_proposals(typed: str, expected: str | None, viewer: Client, street: Any) -> None:
    from kairan.store.models import Trait

    street.finding(id="CVE-2026-77", location="pom.xml", severity=Severity.CRITICAL)
    street.finding(package="lib 1, x")
    Trait.objects.create(value="source:trivy")
    found = proposed(viewer, typed)
    assert expected in found if expected else found == []


def test_what_stands_in_the_list_already_is_not_proposed_again(viewer: Client, street: Any) -> None:
    assert "severity:critical,critical" not in proposed(viewer, "severity:critical,|")


def test_percent_and_underscore_stand_for_themselves(viewer: Client, street: Any) -> None:
    street.finding(package="a_b")
    street.finding(package="axb")
    assert proposed(viewer, "package:a_|") == ["package:a_b"]
    assert proposed(viewer, "package:%|") == []


@pytest.mark.parametrize(
    "query",
    ["", "q=%00&at=1", "q=x&at=-1", "q=x&at=999999999999", "q=x&at=²", 'q="&at=1', "q=package:%22&at=9", "q=%FF"],
)
def test_nothing_breaks_it(query: str, viewer: Client, street: Any) -> None:
    assert viewer.get(f"/findings/suggestions/?{query}").status_code == 200
