"""The list of findings: rows or groups, and the facets beside them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from kairan.domain.rights import Right, may
from kairan.store.queries import findings as queries
from kairan.store.queries import listing as pages
from kairan.store.queries import search, teams, views
from kairan.web.findings import address as addresses
from kairan.web.findings import columns, facets, menus
from kairan.web.findings.address import DEFAULT_QUERY, Address
from kairan.web.findings.asking import Asked, ask
from kairan.web.findings.groups import grouped
from kairan.web.reader import reader
from kairan.web.security import needs

PAGE_SIZE = 50
MOST_COUNTED = 10_000  # an exact count of a million rows costs more than it tells


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    address = addresses.read(request.GET)
    if "remember" in request.GET:
        return _remembering(request, address)
    if address.finding is not None and pages.exists(address.finding):
        return _to_finding(request, address.finding)
    asked = ask(address)
    context = {
        "list_address": address,
        "asked": asked,
        "orders": menus.orders(address),
        "groupings": menus.groupings(address),
        "exports": menus.exports(address),
        "usual": menus.usual(address),
        "views": views.seen_by(reader(request).pk),
        "may_import": may(reader(request).role, Right.IMPORT),
        "may_share": may(reader(request).role, Right.SHARE_VIEWS),
        "facets_address": address.link("findings_facets"),
        **({} if asked.complaint else _found(request, address, asked)),
    }
    return render(request, "findings/list.html", context)


@needs(Right.SEE)
@require_safe
def facets_of(request: HttpRequest) -> HttpResponse:
    """What comes after the rows: a part of the list for htmx, a page of its own for browsers without."""
    address = addresses.read(request.GET)
    asked = ask(address)
    found = [] if asked.complaint else facets.of(address, asked)
    part = bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")
    template = "findings/facets.html" if part else "findings/facets_page.html"
    response = render(request, template, {"list_address": address, "asked": asked, "facets": found})
    patch_vary_headers(response, ("HX-Request",))
    return response


def _to_finding(request: HttpRequest, number: int) -> HttpResponse:
    """As a whole page: a part of the finding's page inside the list helps nobody."""
    target = reverse("finding", args=[number])
    return HttpResponseClientRedirect(target) if request.headers.get("HX-Request") else redirect(target)


def _remembering(request: HttpRequest, address: Address) -> HttpResponse:
    """The column chooser's form: the choice goes into the address, and into this browser for those that say nothing."""
    chosen = None if request.GET["remember"] == "usual" else address.columns
    response = redirect(address.link(columns=chosen))
    columns.remember(response, chosen)
    return response


def _found(request: HttpRequest, address: Address, asked: Asked) -> dict[str, Any]:
    selected = search.select(asked.node)
    total = queries.count(selected, most=MOST_COUNTED)
    shown = columns.shown(
        request, address.columns, all_open=bool(selected.is_open), teams=not address.by and bool(teams.current())
    )
    return {
        "total": min(total, MOST_COUNTED),
        "more_than_counted": total > MOST_COUNTED,
        "columns": shown,
        "usual_columns": columns.are_usual(request, address.columns),
        "chooser": [(name, label, name in shown) for name, label in columns.LABELS.items()],
        "heads": [
            (head, address.link(sort=head.next) if head.next else "") for head in columns.heads(shown, address.sort)
        ],
        **(grouped(address, asked, selected, PAGE_SIZE) if address.by else _rows(address, selected)),
        **({} if total else _emptiness(address, asked)),
    }


def _rows(address: Address, selected: queries.Selection) -> dict[str, Any]:
    page = pages.page(
        selected,
        size=PAGE_SIZE,
        sort=address.sort,
        after=pages.Cursor.parse(address.after, address.sort),
        before=pages.Cursor.parse(address.before, address.sort),
    )
    return {
        "page": page,
        "past_the_end": address.after and not page.rows,
        "first_page": address.link(),
        "newer": address.link(before=page.before) if page.before else "",
        "older": address.link(after=page.after) if page.after else "",
    }


def _emptiness(address: Address, asked: Asked) -> dict[str, Any]:
    """Why there is nothing to show: never blank, always with a way on."""
    looked = queries.last_looked()
    if queries.is_empty():
        return {"empty": "well" if looked else "nothing_yet", "looked": looked}
    if address.text == DEFAULT_QUERY:
        return {"empty": "well", "looked": looked}
    return {"empty": "hidden", "wider": asked.chips if len(asked.chips) > 1 else ()}
