"""Why a finding is in a case or not, whose it is, who was told and who was not."""

import json
import subprocess
from collections.abc import Callable

import pytest

from kairan.domain.config import Channel, Destination, Rule, Tell
from kairan.services import explain
from kairan.services.explain import Bar, Match, Why
from kairan.services.untold import Reason
from kairan.store.models import DestinationState
from tests.reports import NOW, day, record, report
from tests.services.insight import TELLS, URGENT, bring, number_of, put, route

pytestmark = pytest.mark.usefixtures("store", "archive_home")
CVE = "CVE-2026-0001"


def why(cve: str = CVE) -> Why:
    found = explain.rules_of(number_of(cve), NOW)
    assert found is not None
    return found


def reasons(cve: str = CVE) -> list[tuple[str, str]]:
    return [(told.reason.value, told.channel) for told in why(cve).told]


def test_it_names_the_rule_that_opened_and_the_rule_that_added_whom_to_tell() -> None:
    put(URGENT, Rule(name="ssl", when="package:openssl", tell=TELLS[:1]), Rule(name="npm", when="ecosystem:npm"))
    bring(report(record()))
    assert [(rule.name, rule.match) for rule in why().rules] == [
        ("urgent", Match.OPENED),
        ("ssl", Match.ADDED),
        ("npm", Match.MISSES),
    ]


def test_of_a_rule_that_misses_it_names_the_terms_that_did_not_fit_and_only_those() -> None:
    put(Rule(name="urgent", when="severity:critical package:openssl -image:shop (cve:CVE-1* or source:osv)"))
    bring(report(record(severity="HIGH")))
    [rule] = why().rules
    assert [(term.text, term.fits) for term in rule.terms] == [
        ("severity:critical", False),
        ("package:openssl", True),
        ("-image:shop", False),
        ("(cve:CVE-1* or source:osv)", False),
    ]
    assert [term.text for term in rule.missing] == [
        "severity:critical",
        "-image:shop",
        "(cve:CVE-1* or source:osv)",
    ]
    assert why().told[0].reason is Reason.NO_CASE


def test_a_rule_without_terms_takes_everything() -> None:
    put(Rule(name="all", tell=TELLS))
    bring(report(record()))
    [rule] = why().rules
    assert (rule.match, rule.terms) == (Match.OPENED, [])


def test_a_closed_finding_that_fits_is_no_case_because_rules_look_at_open_ones() -> None:
    put()
    bring(report(record(), at=day(1)), report(at=day(2)))
    put(URGENT)
    route()
    [rule] = why().rules
    assert (rule.match, rule.bar) == (Match.FITS, Bar.CLOSED)


def test_what_no_rule_has_looked_at_yet_waits() -> None:
    from tests.reports import take

    put(URGENT)
    take(report(record()))
    assert why().rules[0].bar is Bar.WAITS
    route()
    assert why().rules[0].match is Match.OPENED


def test_the_rule_of_a_case_that_is_no_longer_configured_is_named() -> None:
    put(URGENT)
    bring(report(record()))
    put(Rule(name="other", when="severity:low"))
    assert why().gone_rule in {"urgent", ""}
    assert all(rule.name == "other" for rule in why().rules)


def test_the_owner_comes_with_the_entry_that_gave_it() -> None:
    put(URGENT)
    bring(report(record()), report(record("CVE-2026-0002"), image="other:1"))
    owner = why().owner
    assert (owner.team, owner.name, owner.position) == ("shop", "Shop", 1)
    assert owner.asks == (("image", "*/shop, shop"),)
    assert (why("CVE-2026-0002").owner.team, why("CVE-2026-0002").owner.position) == ("", None)


def test_who_was_told_and_that_an_unowned_one_has_no_team_to_tell() -> None:
    put(URGENT)
    bring(report(record()), report(record("CVE-2026-0002"), image="other:1"))
    assert reasons() == [("sent", "psirt"), ("sent", "shop")]
    assert reasons("CVE-2026-0002") == [("sent", "psirt"), ("unowned", "")]


def test_a_team_without_a_channel_is_said() -> None:
    dummy = Destination("chat", "dummy", Channel("C-psirt", "psirt"), settings={"url": "http://127.0.0.1:9"})
    put(Rule(name="urgent", tell=(Tell(to="chat"),)), destinations=(dummy,))
    from tests.reports import take

    take(report(record()))
    route()
    assert [told.reason for told in why().told] == [Reason.NO_CHANNEL]


def test_a_rule_that_tells_nobody_is_said() -> None:
    put(Rule(name="quiet", when="severity:high"))
    bring(report(record()))
    assert [told.reason for told in why().told] == [Reason.NO_TELL]


def test_a_silent_baseline_is_said() -> None:
    put(URGENT, baseline="silent")
    bring(report(*[record(f"CVE-2026-{each:04d}") for each in range(1, 31)]))
    assert reasons("CVE-2026-0030") == [("baseline", "psirt"), ("baseline", "shop")]


def test_a_message_that_waits_for_its_digest_says_when() -> None:
    put(Rule(name="weekly", tell=(Tell(to="preview", audience="psirt", digest="0 9 * * 1"),)))
    bring(report(record()))
    digest = [told for told in why().told if told.purpose == "digest"]
    assert [(told.reason, told.at is not None) for told in digest] == [(Reason.LATER, True)]


def test_a_paused_destination_is_said() -> None:
    from tests.reports import take

    put(URGENT)
    DestinationState.objects.create(name="preview", paused_at=NOW, paused_by="aki")
    take(report(record()))
    route()
    assert {told.reason for told in why().told} == {Reason.PAUSED}


def test_there_is_no_why_of_a_finding_that_is_not_there() -> None:
    assert explain.rules_of(999, NOW) is None


def test_the_command_line_says_it_in_words_and_as_json(cli: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    put(URGENT, Rule(name="npm", when="ecosystem:npm severity:low"))
    bring(report(record()))
    text = cli("explain", f"F-{number_of(CVE)}").stdout
    assert "1 urgent: opened its case (severity:>=high)" in text
    assert "2 npm: does not fit: not ecosystem:npm, not severity:low" in text
    assert "Owner: shop (Shop), by entry 1 of the ownership (image */shop, shop)" in text
    assert "team post preview #shop: sent" in text
    said = json.loads(cli("explain", f"F-{number_of(CVE)}", "--json").stdout)
    assert said["owner"]["team"] == "shop"
    assert [rule["match"] for rule in said["rules"]] == ["opened", "misses"]
