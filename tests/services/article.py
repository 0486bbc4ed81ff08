"""The Dependabot article's own sample, from its alerts and its YAML to what stands in the channels (mission D1-D7)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAY = datetime(2023, 4, 1, 3, 0, tzinfo=UTC)  # noon of the sample's day in Tokyo
YAML = """\
repositories:
  - name: リポジトリ1
    notify_channel: Slackチャンネル1
    notify_channel_id: SlackチャンネルID1
  - name: リポジトリ2
    notify_channel: Slackチャンネル2
    notify_channel_id: SlackチャンネルID2
"""
SETTINGS = """\
owner: ORG_NAME
language: {language}
time_zone: Asia/Tokyo
address: https://kairan.example.com
links:
  siem_discover: https://siem.example.com/discover?id={{ghsaId}}&from={{from}}&to={{to}}
  siem_dashboard: https://siem.example.com/dashboard?id={{ghsaId}}
"""


def alert(number: int, repository: str) -> dict[str, Any]:
    """The article's alert, as it stands there but for the names of the repository and the severity (it filters by
    CRITICAL and HIGH, and shows CRITICAL)."""
    return {
        "createdAt": "2023-04-01T00:00:00Z",
        "dependencyScope": "RUNTIME",
        "dismissComment": None,
        "dismissReason": None,
        "dismissedAt": None,
        "dismisser": None,
        "number": number,
        "securityAdvisory": {
            "classification": "GENERAL",
            "cvss": {"score": 0.0, "vectorString": None},
            "cwes": {"nodes": []},
            "description": "Package XXX prior to 2.0.0 is vulnerable.",
            "ghsaId": "GHSA-xxxx-xxxx-xxxx",
            "id": "{GSA_ID}",
            "identifiers": [{"type": "GHSA", "value": "GHSA-xxxx-xxxx-xxxx"}],
            "permalink": "https://github.com/advisories/GHSA-xxxx-xxxx-xxxx",
            "publishedAt": "2023-04-01T00:00:00Z",
            "references": [{"url": "{REFERENCE_URL}"}],
            "severity": "CRITICAL",
            "summary": "Vulnerability in XXX",
            "updatedAt": "2023-04-01T00:00:00Z",
            "withdrawnAt": None,
        },
        "securityVulnerability": {
            "firstPatchedVersion": {"identifier": "2.0.0"},
            "package": {"ecosystem": "RUBYGEMS", "name": "XXX"},
            "severity": "CRITICAL",
            "updatedAt": "2023-04-01T00:00:00Z",
            "vulnerableVersionRange": "< 2.0.0",
        },
        "state": "OPEN",
        "vulnerableManifestFilename": "Gemfile.lock",
        "vulnerableManifestPath": "Gemfile.lock",
        "vulnerableRequirements": "= 1.0.0",
        "timestamp": "2023-04-01T12:00:00.000000+09:00",
        "repository": {
            "name": repository,
            "notify_channel": "{NOTIFY_CHANNEL}",
            "notify_channel_id": "{NOTIFY_CHANNEL_ID}",
            "url": f"https://github.com/ORG_NAME/{repository}",
        },
        "id": f"{repository}/{number}",
    }


def told(folder: Path, language: str = "ja", now: datetime = DAY) -> None:
    """Put the article's YAML in force, take its alerts in, route them and send what is to be told."""
    from kairan.runtime.object_store import Archive
    from kairan.services import configuration, route
    from kairan.services.actor import Actor
    from kairan.services.intake import Intake, Options

    config = folder / "kairan.yaml"
    config.write_text(YAML + SETTINGS.format(language=language), encoding="utf-8")
    checked = configuration.check(config)
    assert checked.config is not None, checked.complaints
    configuration.apply(checked, Actor("test"), now)
    report = folder / "alerts.json"
    alerts = [alert(1, "リポジトリ1"), alert(1, "リポジトリ2")]
    report.write_text(json.dumps({"alerts": alerts}, ensure_ascii=False), encoding="utf-8")
    result = Intake(Options(), Archive.configured(), lambda: now).read_all([(str(report), None)])
    assert result.counts.outcomes["opened"] == 2, result
    route.drain(now)
    sent(now)
    assert not route.work(lambda: now)


def sent(now: datetime) -> None:
    from kairan.services import deliver

    deliver.work(lambda: now, linger=timedelta())
