"""What the demo's company says: the same for the same seed, in the formats that the sources read."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from kairan.demo import configuration, days, organisation, people
from kairan.demo.days import Payload
from kairan.demo.famous import LOG4SHELL
from kairan.demo.lives import World
from kairan.domain.config import Config
from kairan.domain.errors import SourceError
from kairan.domain.finding import Rejected
from kairan.interfaces.source import Hints
from kairan.services.config_file.checking import check_text
from kairan.services.recognise import recognise

FIRST = datetime(2026, 8, 23, 5, 0, tzinfo=UTC)
SOURCES = {"trivy", "github_dependabot", "aws_security_hub", "osv"}


def payloads(world: World, day: int) -> list[Payload]:
    return days.payloads(world, day, FIRST, days.window_of(day, FIRST))


def everything(seed: int, number: int = days.LAST) -> list[Payload]:
    world = World(seed)
    return [payload for day in range(number) for payload in payloads(world, day)]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert everything(7, 9) == everything(7, 9)
    assert everything(7, 9) != everything(8, 9)


def test_a_day_is_the_same_whichever_days_were_made_before_it() -> None:
    world = World(7)
    for day in range(30):
        payloads(world, day)
    assert payloads(world, 30) == payloads(World(7), 30)


def test_the_documents_of_a_day_lie_in_the_day_one_after_the_other() -> None:
    for day in (0, 1, 44, 120):
        window, times = days.window_of(day, FIRST), [each.at for each in payloads(World(1), day)]
        assert times == sorted(set(times))
        assert window.begin <= times[0] <= times[-1] < window.end


def test_names_are_not_used_twice() -> None:
    names = Counter(each.name for each in everything(1, 40))
    assert [name for name, number in names.items() if number > 1] == []


@pytest.mark.slow
def test_every_document_is_read_by_its_source() -> None:
    """But for those that are meant not to be: a file cut off, a report without an asset, an advisory without an id."""
    seen: Counter[str] = Counter()
    for payload in everything(1):
        if "cut-off" in payload.name:
            with pytest.raises(SourceError):
                list(recognise(payload.data, None).reports(payload.data, Hints()))
            continue
        source = recognise(payload.data, None)
        seen[source.kind] += 1
        said = [each for report in source.reports(payload.data, Hints()) for each in report.records()]
        texts = [each for report in source.reports(payload.data, Hints()) for each in report.advisories()]
        rejected = [each for each in (*said, *texts) if isinstance(each, Rejected)]
        if payload.name.startswith(("disk-image", "osv-export")):
            assert rejected, payload.name
        else:
            assert rejected == [], payload.name
            assert said or texts or source.kind == "aws_security_hub", payload.name
    assert seen.keys() == SOURCES


def test_found_secrets_are_invented_and_redacted() -> None:
    held = 0
    for payload in everything(1, 20):
        kept = recognise(payload.data, None).redacted(payload.data) if b'"Secrets"' in payload.data else None
        if kept is not None:
            held += 1
            assert b"AKIAIOSFODNN7EXAMPLE" not in kept
            assert b"NOT-A-KEY" not in kept
    assert held


def test_log4shell_is_with_several_teams() -> None:
    world = World(1)
    having = [
        each for each in organisation.REPOSITORIES if any(f.id == LOG4SHELL for f in world.flaws(each.name, days.LAST))
    ]
    assert len({each.team for each in having}) >= 4


def test_the_company_is_as_large_as_is_said() -> None:
    assert len(organisation.REPOSITORIES) == 12
    assert len(organisation.ACCOUNTS) == 6
    assert len(organisation.CLUSTERS) == 2
    assert len(organisation.TEAMS) == 8
    assert all(team.people for team in organisation.TEAMS)
    assert all(len(each.number) == 12 and each.number.startswith("00000000") for each in organisation.ACCOUNTS)


@pytest.mark.parametrize("day", [0, configuration.HANDED_OVER])
def test_everything_of_the_company_has_an_owner_but_what_was_forgotten(day: int) -> None:
    config = written_on(day)
    named = {value for entry in config.ownership for value in (*entry.repository, *entry.account, *entry.namespace)}
    assert named >= {each.full_name for each in organisation.REPOSITORIES}
    assert named >= {each.namespace for each in organisation.REPOSITORIES}
    accounts = {each.number for each in organisation.ACCOUNTS if each.name != configuration.NOBODYS}
    assert named >= accounts
    assert {entry.team for entry in config.ownership} - {""} <= {team.key for team in config.teams}


def test_the_companys_file_is_in_order_and_says_what_the_demo_shows() -> None:
    config = written_on(0)
    assert [team.key for team in config.teams] == [team.key for team in organisation.TEAMS]
    tells = [tell for rule in config.rules or () for tell in rule.tell]
    assert any(tell.form for tell in tells)
    assert any(tell.digest for tell in tells)
    assert any(tell.ceiling for tell in tells)
    assert {rule.group_by for rule in config.rules or ()} >= {"vulnerability", "control", "fix"}
    assert any(rule.remind and rule.escalate and rule.approve for rule in config.rules or ())
    assert any(entry.codeowners for entry in config.ownership)


def test_a_repository_is_handed_over_once() -> None:
    before, after = (configuration.owner_of("mobile-gateway", gateway) for gateway in ("mobile", "members"))
    assert (before, after) == ("mobile", "members")
    assert configuration.files(configuration.HANDED_OVER - 1) == configuration.files(0)
    assert configuration.files(configuration.HANDED_OVER) != configuration.files(0)


def test_people_do_the_same_however_often_a_day_begins() -> None:
    world = World(1)
    parts = [
        people.Part(number, number, "payments", "new", "", FIRST, True, False, False, None, None)
        for number in range(40)
    ]
    done = list(people.deeds(world.dice, 7, parts, FIRST))
    assert done == list(people.deeds(World(1).dice, 7, parts, FIRST))
    assert {deed.kind for deed in done} >= {"claim", "decide"}
    assert {deed.who for deed in done} <= {each.username for each in organisation.TEAMS[1].people}


def written_on(day: int) -> Config:
    files = configuration.files(day)
    checked = check_text(files[configuration.FILE], configuration.FILE, FIRST, lambda name: (files[name], None))
    assert checked.complaints == ()
    assert checked.config is not None
    return checked.config
