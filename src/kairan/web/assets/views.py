"""Assets: the list, and one of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kairan.domain.rights import Right
from kairan.store.queries import asset_list, asset_page
from kairan.web import owned
from kairan.web.assets import filters, sheet
from kairan.web.security import needs

PAGE_SIZE = 50


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    chosen = filters.read(request.GET)
    after = filters.place(request.GET.get("after", ""))
    page = asset_list.page(chosen, size=PAGE_SIZE, after=after)
    kinds = asset_list.kinds()
    context = {
        "chosen_assets": chosen,
        "lines": [sheet.line(asset) for asset in page.assets],
        "kinds": kinds,
        "is_empty": not kinds,
        "sorts": filters.sorts(chosen),
        "first": filters.address(chosen) if after is not None else "",
        "further": filters.address(chosen, page.after) if page.after is not None else "",
        "everything": filters.address(asset_list.Filter()),
    }
    return render(request, "assets/list.html", context)


@needs(Right.SEE)
@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    asset = asset_page.find(number)
    if asset is None:
        raise Http404
    context = {"asset": asset, "sheet": sheet.of(asset, timezone.now(), timezone.get_current_timezone_name())}
    context["shares"] = owned.of_asset(number, asset.name)
    return render(request, "assets/one.html", context)
