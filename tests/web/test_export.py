"""Everything that a query lets through, as a file that is written while it is read."""

import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from .test_list import asked


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_csv_and_json_hold_the_whole_result_of_the_query(viewer: Client, street: Any) -> None:
    found = [street.finding() for _ in range(60)]
    street.finding(open=False)
    answer = viewer.get("/findings/export.csv?q=is:open")
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="kairan-findings-')
    assert answer["Content-Disposition"].endswith('.csv"')
    text = body(answer)
    assert text.startswith("\ufefffinding,severity,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["finding"] for row in rows] == [f"F-{each.id}" for each in found]
    told = json.loads(body(viewer.get("/findings/export.json?q=is:open")))
    assert [each["finding"] for each in told] == [row["finding"] for row in rows]
    lines = body(viewer.get("/findings/export.jsonl?q=")).splitlines()
    assert [json.loads(line) for line in lines][:60] == told
    assert len(lines) == 61
    assert json.loads(body(viewer.get("/findings/export.json?q=zzz"))) == []


def test_without_a_query_what_the_list_shows_is_exported(viewer: Client, street: Any) -> None:
    shown = street.finding()
    street.finding(open=False)
    assert [each["finding"] for each in json.loads(body(viewer.get("/findings/export.json")))] == [f"F-{shown.id}"]


@pytest.mark.parametrize("said", ["pick=", "pick=abc", "pick=" + "9" * 30, "&".join(f"pick={n}" for n in range(600))])
def test_a_pick_of_nothing_or_too_much_is_not_everything(viewer: Client, street: Any, said: str) -> None:
    street.finding()
    assert viewer.get(f"/findings/export.json?{said}").status_code == 400


def test_picked_rows_alone(viewer: Client, street: Any) -> None:
    a, b, closed = street.finding(), street.finding(), street.finding(open=False)
    picked = f"/findings/export.json?q=is:open&pick={b.id}&pick={closed.id}&pick=x&pick=99999999999999999999"
    assert [each["finding"] for each in json.loads(body(viewer.get(picked)))] == [f"F-{b.id}"]
    assert a.id


def test_a_spreadsheet_takes_nothing_for_a_formula(viewer: Client, street: Any) -> None:
    street.finding(title="=HYPERLINK(1)", package="@sum", installed="+1", fixed="-2", asset="＝x")
    [row] = csv.DictReader(io.StringIO(body(viewer.get("/findings/export.csv")).removeprefix("\ufeff")))
    said = (row["title"], row["package"], row["installed"], row["fixed"], row["asset"])
    assert said == ("'=HYPERLINK(1)", "'@sum", "'+1", "'-2", "'＝x")


def test_a_query_that_is_none_is_refused_in_one_line(viewer: Client, street: Any) -> None:
    answer = viewer.get("/findings/export.csv?q=severty:high")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert "`severity`?" in answer.content.decode()
    assert viewer.get("/findings/export.xml").status_code == 404


def test_the_list_leads_to_the_export_of_its_query(viewer: Client, street: Any) -> None:
    street.finding()
    text = viewer.get(asked("is:open severity:>=low")).content.decode()
    assert 'href="/findings/export.csv?q=is%3Aopen+severity%3A%3E%3Dlow" download' in text


def test_under_asgi_it_is_streamed_too(person: Any, street: Any) -> None:
    """Django would gather a plain iterator whole before the first byte, and warn of it."""
    client, someone, finding = AsyncClient(), person("viewer"), street.finding()

    async def told() -> bytes:
        await client.aforce_login(someone)
        answer: Any = await client.get("/findings/export.json?q=is:open")
        assert answer.is_async
        return b"".join([chunk async for chunk in answer])

    assert [each["finding"] for each in json.loads(async_to_sync(told)())] == [f"F-{finding.id}"]
