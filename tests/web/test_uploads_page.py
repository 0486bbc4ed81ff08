"""Handing reports in by the browser, and watching them being read."""

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client

from kairan.domain.rights import Role
from tests.reports import NOW, day, record, records, report

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def triager(person: Callable[..., Any]) -> Client:
    client = Client()
    client.force_login(person(Role.TRIAGER, time_zone="Asia/Tokyo"))
    return client


def file(document: Any, name: str = "shop.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, document if isinstance(document, bytes) else json.dumps(document).encode())


def work() -> None:
    from kairan.services.read_uploads import work as read

    read(lambda: NOW + timedelta(seconds=1))


def uploads() -> list[Any]:
    from kairan.store.models import Upload

    return list(Upload.objects.order_by("id"))


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_form_works_without_a_script(triager: Client) -> None:
    page = text(triager, "/uploads/")
    assert 'type="file"' in page
    assert 'enctype="multipart/form-data"' in page
    response = triager.post("/uploads/", {"files": file(report(*records(3)))})
    [made] = uploads()
    assert response.headers["Location"] == f"/uploads/{made.id}/"
    assert (made.name, made.state, made.options) == ("shop.json", "waiting", {})
    assert "shop.json" in text(triager, "/uploads/")


def test_several_files_lead_to_the_list(triager: Client) -> None:
    response = triager.post("/uploads/", {"files": [file(report(record())), file(report(), "b.json")]})
    assert response.headers["Location"] == "/uploads/"
    assert [each.name for each in uploads()] == ["shop.json", "b.json"]


def test_the_script_is_answered_in_json(triager: Client) -> None:
    response = triager.post("/uploads/", {"files": file(report(record()))}, headers={"Accept": "application/json"})
    [made] = uploads()
    assert response.json() == {"uploads": [{"number": made.id, "url": f"/uploads/{made.id}/"}]}
    refused = triager.post("/uploads/", {"asset": "web"}, headers={"Accept": "application/json"})
    assert refused.status_code == 400
    assert "as in host:web-1" in refused.json()["detail"]


def test_options_are_checked_beside_the_field(triager: Client) -> None:
    response = triager.post("/uploads/", {"files": file(report(record())), "asset": "web-1", "source": "nessus"})
    assert response.status_code == 400
    page = response.content.decode()
    assert 'id="id_asset_error"' in page
    assert 'id="id_source_error"' in page
    assert '<details class="options" open>' in page
    assert uploads() == []


def test_options_are_kept_with_the_time_in_the_persons_zone(triager: Client) -> None:
    said = {"source": "trivy", "asset": "host:web-1", "as_of": "2026-11-02T09:30", "complete": "partial"}
    triager.post("/uploads/", {"files": file(report(record())), **said})
    assert uploads()[0].options == {
        "source": "trivy",
        "asset": "host:web-1",
        "as_of": "2026-11-02T09:30:00+09:00",
        "complete": False,
    }


def test_no_file_is_asked_for(triager: Client) -> None:
    response = triager.post("/uploads/")
    assert response.status_code == 400
    assert "Choose at least one file." in response.content.decode()


def test_too_large_a_file_is_refused_in_words(triager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", "10")
    response = triager.post("/uploads/", {"files": file(report(record()))})
    assert response.status_code == 400
    assert "Larger than the 10" in response.content.decode()
    assert uploads() == []


def test_of_several_files_one_that_is_too_large_keeps_no_other_out(
    person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", "100")
    japanese = Client()
    japanese.force_login(person(Role.TRIAGER, language="ja"))
    files = [file(b"{}", "a.json"), file(report(*records(3)), "large.json"), file(b"[]", "b.json")]
    page = unescape(japanese.post("/uploads/", {"files": files}, follow=True).content.decode())
    assert [each.name for each in uploads()] == ["a.json", "b.json"]
    assert "受け付けました: a.json, b.json" in page
    assert "受け付けられません: large.json: この Kairan が受け付ける上限 (100\xa0バイト) を超えています" in page


def test_when_none_of_several_is_taken_in_each_has_its_reason(triager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIRAN_MAX_UPLOAD_BYTES", "10")
    answer = triager.post("/uploads/", {"files": [file(report(), "a.json"), file(report(), "b.json")]})
    assert answer.status_code == 400
    assert answer.context["wrong"] == [
        f"{name}: Larger than the 10\xa0bytes that this Kairan takes in" for name in ("a.json", "b.json")
    ]


def test_what_is_wrong_is_said_in_the_readers_language_and_a_forms_words(person: Callable[..., Any]) -> None:
    japanese = Client()
    japanese.force_login(person(Role.ADMINISTRATOR, language="ja"))
    for asset in ("zzz", "image:A b"):
        answer = japanese.post("/uploads/", {"files": file(report()), "asset": asset})
        [said] = answer.context["form"].errors["asset"]
        assert "--asset" not in said
        assert "書いてください" in said
    replay = japanese.post("/runs/replay/", {"source": "nessus"}).content.decode()
    assert "情報源 nessus はありません" in unescape(replay)


def test_a_script_is_shown_the_command_and_the_api(triager: Client) -> None:
    page = unescape(text(triager, "/uploads/"))
    assert "kairan import REPORT.json" in page
    assert "-F report=@REPORT.json http://testserver/api/v1/imports" in page


def test_a_big_file_comes_by_the_disk_and_is_taken_piece_by_piece(
    triager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    chunks = TemporaryUploadedFile.chunks

    def watched(self: TemporaryUploadedFile, chunk_size: int | None = None) -> Any:
        for chunk in chunks(self, chunk_size):
            sizes.append(len(chunk))
            yield chunk

    monkeypatch.setattr(TemporaryUploadedFile, "chunks", watched)
    triager.post("/uploads/", {"files": file(b" " * (5 << 20))})
    assert sizes == [1 << 20] * 5


def test_a_waiting_one_renews_itself_and_a_finished_one_no_longer(triager: Client) -> None:
    triager.post("/uploads/", {"files": file(report(*records(3)))})
    [made] = uploads()
    waiting = text(triager, f"/uploads/{made.id}/")
    assert "Waits to be read" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert "<noscript>" in waiting
    work()
    done = text(triager, f"/uploads/{made.id}/")
    assert "hx-trigger" not in done
    assert "Read in" in done
    assert "registry" not in done


def test_while_it_is_read_the_page_says_how_far_how_fast_and_how_long(triager: Client) -> None:
    from django.utils import timezone

    from kairan.store.models import Upload

    triager.post("/uploads/", {"files": file(report(record()))})
    started = timezone.now() - timedelta(seconds=10)
    Upload.objects.update(state="reading", read=20_000, total=120_000, started_at=started)
    page = text(triager, f"/uploads/{uploads()[0].id}/")
    assert '<progress max="120000" value="20000"' in page
    assert "20,000 of 120,000 records" in page
    assert "a second" in page
    assert "left to read" in page
    Upload.objects.update(read=120_000)
    assert "is being written" in text(triager, f"/uploads/{uploads()[0].id}/")


def test_what_came_of_it_rejects_and_held_closings_are_there(triager: Client) -> None:
    triager.post("/uploads/", {"files": file(report(*records(120), at=day(1), digest="a"))})
    broken = {"VulnerabilityID": 7}
    triager.post("/uploads/", {"files": file(report(*records(10), broken, at=day(2), digest="a"))})
    work()
    page = text(triager, f"/uploads/{uploads()[1].id}/")
    assert "110 findings" in page
    assert "/held/" in page
    assert "Rejected records" in page
    assert "#rejects" in page
    assert "say what is missing under Options" in page


def test_a_failed_one_says_why_and_can_be_read_again(triager: Client, archive_home: Path) -> None:
    triager.post("/uploads/", {"files": file(b"[]", "empty.json")})
    [made] = uploads()
    work()
    page = text(triager, f"/uploads/{made.id}/")
    assert "says nothing by which its source could be told" in page
    assert "Read it again" in page
    triager.post(f"/uploads/{made.id}/", {"source": "github_dependabot", "asset": "repository:github.com/a/b"})
    assert uploads()[0].state == "waiting"
    again = triager.post(f"/uploads/{made.id}/", {"source": "trivy"}, follow=True)
    assert "Nothing was changed" in again.content.decode()
    work()
    assert uploads()[0].state == "done"


def test_hostile_names_show_as_text(triager: Client) -> None:
    triager.post("/uploads/", {"files": file(b"no", "<img src=x onerror=alert(1)>\u202egnp.json")})
    work()
    for address in ("/uploads/", f"/uploads/{uploads()[0].id}/", "/runs/"):
        page = text(triager, address)
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_viewers_do_not_upload(viewer: Client) -> None:
    assert viewer.get("/uploads/").status_code == 403
    assert viewer.post("/uploads/", {"files": file(report(record()))}).status_code == 403
    assert uploads() == []


def test_an_upload_that_is_not_there_is_404(triager: Client) -> None:
    assert triager.get("/uploads/99/").status_code == 404
