"""What every source promises, checked over every folder there is."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from kairan.domain.errors import SourceError
from kairan.domain.finding import Advisory, Glance, Observation, Rejected, occurrence_digest, sighting_key
from kairan.interfaces import registry
from kairan.interfaces.source import Glancing, Hints, Report, Shape, Source
from kairan.services.recognise import shape_of

SOURCES = sorted(registry.sources().values(), key=lambda source: source.kind)


def samples(source: Source) -> list[tuple[str, bytes]]:
    """The samples in the source's own tests folder: what it says it reads."""
    folder = Path(str(files(f"kairan.sources.{source.kind}"))) / "tests" / "samples"
    return [(file.name, file.read_bytes()) for file in sorted(folder.glob("*.json"))]


CASES = [pytest.param(s, data, id=f"{s.kind}-{name}") for s in SOURCES for name, data in samples(s)]


def reports(source: Source, data: bytes) -> Iterator[Report]:
    yield from source.reports(memoryview(data), Hints(name="sample"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.kind)
def test_a_source_says_who_it_is(source: Source) -> None:
    assert isinstance(source, Source)
    assert registry.sources()[source.kind] is source
    assert source.title
    assert source.parser_version >= 1


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.kind)
def test_a_source_brings_samples(source: Source) -> None:
    assert samples(source), f"src/kairan/sources/{source.kind}/tests/samples/ holds no *.json"


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.kind)
@pytest.mark.parametrize(
    "shape", [Shape("null"), Shape("array"), Shape("object"), Shape("scalar")], ids=lambda s: s.type
)
def test_a_source_claims_nothing_that_says_nothing(source: Source, shape: Shape) -> None:
    assert not source.recognises(shape)


@pytest.mark.parametrize(("source", "data"), CASES)
def test_each_sample_is_claimed_by_its_source_alone(source: Source, data: bytes) -> None:
    shape = shape_of(memoryview(data))
    assert [each.kind for each in SOURCES if each.recognises(shape)] == [source.kind]


@pytest.mark.parametrize(("source", "data"), CASES)
def test_records_keep_their_promises(source: Source, data: bytes) -> None:
    for report in reports(source, data):
        scopes = list(report.scopes)
        read = list(report.records()) + list(report.advisories())
        assert report.size == len({each.position for each in read if not isinstance(each, Advisory)}) or scopes == []
        for each in read:
            if isinstance(each, Observation):
                assert scopes[each.scope].kind == each.kind
                assert scopes[each.scope].looked, "records stand only in scopes that the report looked at"
                assert each.id
                assert each.asset.external_id
                assert each.open or each.end_reason
            assert isinstance(each, Advisory) or each.position


@pytest.mark.parametrize(("source", "data"), CASES)
def test_a_report_can_be_read_twice_with_the_same_result(source: Source, data: bytes) -> None:
    def keys() -> list[tuple[bytes, bytes]]:
        return [
            (sighting_key(each), occurrence_digest(each, source.parser_version))
            for report in reports(source, data)
            for each in report.records()
            if isinstance(each, Observation)
        ]

    assert keys() == keys()
    for report in reports(source, data):
        assert len(list(report.records())) == len(list(report.records())), "an import that lost a race reads again"


@pytest.mark.parametrize(("source", "data"), CASES)
def test_a_cut_or_twisted_sample_is_an_error_or_a_reject(source: Source, data: bytes) -> None:
    for broken in (data[: len(data) // 2], data.replace(b"[", b"{", 1), data.replace(b'": "', b'": 7, "x": "', 3)):
        try:
            for report in reports(source, broken):
                assert all(isinstance(each, Observation | Rejected) for each in report.records())
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017 - an error is allowed, not demanded


@pytest.mark.parametrize(("source", "data"), CASES)
def test_redacting_twice_changes_nothing_more(source: Source, data: bytes) -> None:
    once = source.redacted(memoryview(data))
    if once is not None:
        assert source.redacted(memoryview(once)) in (None, once)


@pytest.mark.parametrize(("source", "data"), CASES)
def test_a_glance_tells_the_sighting_that_reading_tells(source: Source, data: bytes) -> None:
    for report in reports(source, data):
        if not isinstance(report, Glancing):
            continue
        looked = list(report.glances())
        assert [each.read() if isinstance(each, Glance) else each for each in looked] == list(report.records())
        for glance in looked:
            if isinstance(glance, Glance):
                said = glance.read()
                if isinstance(said, Rejected):
                    continue
                assert (glance.kind, glance.scope, glance.key()) == (said.kind, said.scope, sighting_key(said))
                assert said.open
                assert said.counted
                assert not said.several
