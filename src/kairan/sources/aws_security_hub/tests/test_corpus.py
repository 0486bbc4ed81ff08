"""Every Security Hub file of the corpus: each finding is counted once, none is lost."""

import json
import random
from pathlib import Path

import pytest

from conftest import corpus_folder
from kairan.domain.errors import SourceError
from kairan.domain.finding import Observation, Rejected, occurrence_digest, sighting_key
from kairan.interfaces.source import Hints
from kairan.services.recognise import recognise
from kairan.sources.aws_security_hub import SOURCE

pytestmark = [pytest.mark.corpus, pytest.mark.usefixtures("corpus")]


def files() -> list[Path]:
    return sorted((corpus_folder() / "aws_securityhub").glob("*.json"))


def records(data: bytes) -> list[Observation | Rejected]:
    return [record for report in SOURCE.reports(memoryview(data), Hints()) for record in report.records()]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_every_finding_is_read_once(path):
    expected = json.loads((corpus_folder() / "counts.json").read_text())[f"aws_securityhub/{path.name}"]["findings"]
    data = path.read_bytes()
    assert recognise(memoryview(data), None) is SOURCE
    read = records(data)
    assert len({each.position for each in read}) == expected
    assert [each.reason for each in read if isinstance(each, Rejected)] == []
    assert sum(report.size for report in SOURCE.reports(data, Hints())) == expected


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_read_twice_it_is_the_same(path):
    def keys() -> list[tuple[bytes, bytes]]:
        return [(sighting_key(o), occurrence_digest(o, 1)) for o in records(data) if isinstance(o, Observation)]

    data = path.read_bytes()
    assert keys() == keys()


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_records_of_several_findings_stand_together(path):
    read = records(path.read_bytes())
    for position in {each.position for each in read}:
        at = [number for number, each in enumerate(read) if each.position == position]
        assert at == list(range(at[0], at[-1] + 1))
        assert all(each.several == (len(at) > 1) for each in read[at[0] : at[-1] + 1] if isinstance(each, Observation))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_twisted_file_is_an_error_or_rejects(path):
    chance = random.Random(path.name)  # noqa: S311 - the same twists each time
    data = path.read_bytes()
    for _ in range(40):
        twisted = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(twisted))
            twisted[at : at + chance.randint(0, 3)] = chance.choice(
                [b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"7", b"\n", b"\xff", b"\\u0000", b" "]
            )
        try:
            records(bytes(twisted))
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017 - an error is allowed, not demanded


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_any_field_of_another_type_is_an_error_or_rejects(path):
    chance = random.Random(path.name)  # noqa: S311 - not for secrets
    document = json.loads(path.read_bytes())
    places = list(_places(document))
    for container, key in chance.sample(places, min(200, len(places))):
        before = container[key]
        container[key] = chance.choice([None, 7, -1.5, "", " ", "x", True, [], {}, [7], [None], {"x": 7}, "CVE-1-1"])
        try:
            records(json.dumps(document).encode())
        except SourceError:
            pass
        finally:
            container[key] = before


def _places(node):
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield node, key
        yield from _places(value)


def test_ocsf_documents_are_named():
    for path in sorted((corpus_folder() / "siem").glob("*ocsf*.json")):
        with pytest.raises(SourceError, match="OCSF"):
            recognise(memoryview(path.read_bytes()), None)
