"""The Dependabot article's own sample, from its alerts and its YAML to what stands in the channels (mission D1-D7)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parent / "samples/dependabot-article.json"  # byte for byte
GHSA = "GHSA-xxxx-xxxx-xxxx"
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


def filled(repository: str, severity: str = "CRITICAL") -> str:
    """The article's document with what it leaves open filled in by what it says elsewhere, and nothing else changed.

    The repository's placeholders become those of its YAML (the article adds them "from the YAML file", so there they
    meet), the organisation that of its query; the GHSA id and the severity are those of the post it shows: the sample's
    MODERATE is not among the CRITICAL and HIGH that it tells.
    """
    number = repository.removeprefix("リポジトリ")
    text = SAMPLE.read_text(encoding="utf-8").replace("{GHSA_ID}", GHSA).replace('"MODERATE"', f'"{severity}"')
    for placeholder, said in {
        "{REPOSITORY_NAME}": repository,
        "{REPOSITORY_URL}": f"https://github.com/ORG_NAME/{repository}",
        "{NOTIFY_CHANNEL}": f"Slackチャンネル{number}",
        "{NOTIFY_CHANNEL_ID}": f"SlackチャンネルID{number}",
    }.items():
        text = text.replace(placeholder, said)
    return text


def configure(folder: Path, text: str, now: datetime = DAY) -> None:
    """Put a file in force."""
    from kairan.services import configuration
    from kairan.services.actor import Actor

    config = folder / "kairan.yaml"
    config.write_text(text, encoding="utf-8")
    checked = configuration.check(config)
    assert checked.config is not None, checked.complaints
    configuration.apply(checked, Actor("test"), now)


def imported(file: Path, asset: str = "", now: datetime = DAY) -> Any:
    """Read one document through the real source, as `kairan import --asset` does."""
    from kairan.domain.asset import parse_asset
    from kairan.runtime.object_store import Archive
    from kairan.services.intake import Intake, Options

    options = Options(asset=parse_asset(asset) if asset else None)
    return Intake(options, Archive.configured(), lambda: now).read_all([(str(file), None)])


def told(folder: Path, language: str = "ja", now: datetime = DAY) -> None:
    """Put the article's YAML in force, take its alerts in, route them and send what is to be told."""
    from kairan.services import route

    configure(folder, YAML + SETTINGS.format(language=language), now)
    report = folder / "alerts.json"
    alerts = [alert for each in ("リポジトリ1", "リポジトリ2") for alert in json.loads(filled(each))["alerts"]]
    report.write_text(json.dumps({"alerts": alerts}, ensure_ascii=False), encoding="utf-8")
    result = imported(report, now=now)
    assert result.counts.outcomes["opened"] == 2, result
    route.drain(now)
    sent(now)
    assert not route.work(lambda: now)


def sent(now: datetime) -> None:
    from kairan.services import deliver

    deliver.work(lambda: now, linger=timedelta())
