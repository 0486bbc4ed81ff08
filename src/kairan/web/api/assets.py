"""Assets: all that Kairan knows of, and one of them."""

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from pydantic import Field

from kairan.domain.rights import Right
from kairan.store.queries import asset_list, asset_page
from kairan.web.api import cursors, problems
from kairan.web.api.answers import Asset, AssetRow, Assets, LookedBy
from kairan.web.api.fields import Asked, Number, Text
from kairan.web.api.operations import Operations
from kairan.web.api.problems import ProblemError

operations = Operations("assets")


class AssetsAsked(Asked):
    q: Text = Field("", max_length=200, description="Words that stand in a name or stable id.", examples=["shop"])
    kind: Text = Field("", max_length=100, description="Only of this kind.", examples=["image"])
    sort: asset_list.Sort = Field("worst", description="By open findings, the worst first; or by name.")


@operations.get("", right=Right.SEE, answers=Assets, wrong=(problems.BAD_CURSOR,))
def list_assets(request: HttpRequest, response: HttpResponse, asked: Query[AssetsAsked]) -> Assets:
    """List assets"""
    chosen = asset_list.Filter(asked.q, asked.kind, asked.sort)
    page = asset_list.page(chosen, size=asked.limit, after=cursors.read(asked.cursor, cursors.number))
    following = cursors.write(page.after) if page.after else None
    cursors.link_next(request, response, following)
    return Assets(next=following, items=[_row(each) for each in page.assets])


@operations.get("/{number}", right=Right.SEE, answers=Asset, wrong=(problems.NOT_FOUND,))
def get_asset(request: HttpRequest, number: Path[Number]) -> Asset:
    """Show an asset"""
    known = asset_page.find(number)
    if known is None:
        raise ProblemError(problems.NOT_FOUND, f"there is no asset {number}")
    return Asset(
        id=known.id,
        kind=known.kind,
        name=known.name,
        external_id=known.external_id,
        names=known.names,
        attributes=known.attributes,
        created_at=known.created_at,
        namespaces=known.namespaces,
        clusters=known.clusters,
        sources=[LookedBy.model_validate(each) for each in known.looks],
        open={each.severity.word: each.open for each in known.counts if each.open},
        closed={each.severity.word: each.closed for each in known.counts if each.closed},
    )


def _row(known: asset_list.Asset) -> AssetRow:
    return AssetRow(
        id=known.id,
        kind=known.kind,
        name=known.name,
        external_id=known.external_id,
        open={severity.word: number for severity, number in known.open},
        looked=known.looked,
    )
