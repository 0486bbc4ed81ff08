"""A configuration in force, and what routing made of the store, for tests of cases."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kairan.domain.config import Channel, Config, Destination, Ownership, Rule, Team, Tell
from tests.reports import NOW

TELLS = (Tell(to="preview", audience="psirt", form=True), Tell(to="preview"))
PREVIEW = Destination("preview", "preview", Channel("psirt", "psirt"))
HIGH = Rule(name="high", when="severity:>=high", tell=TELLS)


def teams(*keys: str) -> tuple[Team, ...]:
    return tuple(Team(key, key.title(), channels={"preview": Channel(f"C-{key}", key)}) for key in keys)


def put(*, owners: dict[str, str] | None = None, rules: Iterable[Rule] = (HIGH,), now: Any = NOW, **more: Any) -> Any:
    """Put a configuration in force, as `kairan config apply` does. `owners`: image or repository -> team."""
    from kairan.services import applying
    from kairan.services.actor import Actor
    from kairan.services.config_file.checking import check

    owners = owners or {}
    said = Config(
        teams=more.pop("teams", teams(*sorted({"web", "pay", "ops", *owners.values()}))),
        ownership=tuple(Ownership(team=team, query=query) for query, team in owners.items()),
        rules=tuple(rules),
        destinations=(PREVIEW,),
        **more,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kairan.yaml"
        path.write_text(yaml.safe_dump(msgspec.to_builtins(said)))
        checked = check(path, now)
        assert checked.config is not None, [str(each) for each in checked.complaints]
        return applying.apply(checked, Actor("test"), now)


def cases(**filters: Any) -> list[dict[str, Any]]:
    """The cases that were not folded, as short values: parts by team's key ("" nobody's) with status and number."""
    from kairan.store.models import Case

    found = []
    for each in Case.objects.filter(merged_into=None, **filters).order_by("id"):
        parts = {part.team.key if part.team else "": (part.status, part.findings) for part in each.parts.all()}
        found.append({"title": each.title, "state": each.state, "status": each.status, "parts": parts})
    return found


def codes(case: Any) -> list[str]:
    """What happened to a case, in its order."""
    from kairan.store.models import CaseEvent

    return list(CaseEvent.objects.filter(case=case).order_by("id").values_list("code", flat=True))
