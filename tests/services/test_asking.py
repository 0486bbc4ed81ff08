"""Who is affected, asked from a chat: the answer says how much it leaves out."""

from pathlib import Path
from typing import Any

from kairan.domain.rights import Role
from kairan.services.asking import who_is_affected
from kairan.store.queries.affected import MOST_SHARES
from tests.services.article import DAY, told
from tests.services.test_act import someone


def test_every_team_counts_also_those_that_are_not_listed(store: None, tmp_path: Path) -> None:
    told(tmp_path)
    reader = someone("reader", Role.VIEWER)
    few = who_is_affected("GHSA-xxxx-xxxx-xxxx", reader)
    assert (len(few.shares), few.total) == (2, 2)
    for number in range(MOST_SHARES + 10):
        _affected(number)
    many = who_is_affected("ghsa-XXXX-xxxx-xxxx", reader)
    assert (len(many.shares), many.total) == (MOST_SHARES, MOST_SHARES + 12)
    assert who_is_affected("CVE-1999-0001", reader).total == 0


def _affected(number: int) -> Any:
    """One more team with an open finding of the article's vulnerability."""
    from kairan.store.models import Asset, Finding, Owner, Team

    template = Finding.objects.order_by("pk")[0]
    team = Team.objects.create(key=f"t{number}", name=f"t{number}")
    asset = Asset.objects.create(kind="repository", external_id=f"x/{number}", name=f"x/{number}", created_at=DAY)
    same = {"vulnerability": template.vulnerability, "home": template.home, "package": template.package}
    finding = Finding.objects.create(**same, asset=asset, is_open=True, severity=5, first_seen=DAY)
    Owner.objects.create(finding=finding.pk, team=team, rule=0, asset=asset.pk, is_open=True, severity=5)
    return finding
