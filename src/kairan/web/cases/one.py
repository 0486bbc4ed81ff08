"""The page of one case, its part for a drawer, and the files that people put beside decisions."""

from collections.abc import Iterator, Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kairan.domain.errors import ForbiddenError, IllegalTransition, KairanError
from kairan.domain.rights import Right
from kairan.services import evidence as kept
from kairan.services.choice import ChoiceError
from kairan.services.triage import NoSuchCaseError
from kairan.store.connection import raw_cursor
from kairan.store.queries import case_page
from kairan.store.queries import evidence as stored
from kairan.store.queries.case_page import Case
from kairan.web.cases import again, commands, sheet
from kairan.web.cases.commands import Deed, Done, RefusedError
from kairan.web.reader import actor_of
from kairan.web.security import needs


@needs(Right.SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """The whole page; asked by htmx with `?drawer=1`, the sheet alone. Each button asks its use case for the right."""
    case = case_page.find(number)
    if case is None:
        raise Http404
    if case.merged_into:
        target = reverse("case", args=[case.merged_into])
        return redirect(f"{target}?drawer=1" if _in_drawer(request) else target)  # not for ever: a merge can be undone
    if request.method == "POST":
        return _do(request, case)
    return _answer(request, {"sheet": sheet.of(case, actor_of(request), timezone.now())})


@needs(Right.SEE)
@require_safe
def evidence(request: HttpRequest, number: int, index: int) -> HttpResponseBase:
    """A file as it was given. It is downloaded, never shown: whatever it holds, it is none of Kairan's pages."""
    found = stored.find(raw_cursor(), number, index)
    if not found or "file" not in found:
        raise Http404
    try:
        pieces = kept.read(str(found["file"]))
        first = next(pieces, b"")
    except KairanError:
        raise Http404 from None
    answer = StreamingHttpResponse(_joined(first, pieces), content_type="application/octet-stream")
    name = str(found.get("name") or "evidence")
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _do(request: HttpRequest, case: Case) -> HttpResponse:
    deed = Deed(request, case.id, actor_of(request), timezone.now())
    try:
        done = commands.run(deed)
    except ForbiddenError:
        raise PermissionDenied from None
    except NoSuchCaseError:
        return _again(deed, _("Nothing was changed: this is not there any more, as you see below."))
    except IllegalTransition:
        return _again(deed, _("Nothing was changed: somebody or a scan was faster, or it is too late. See below."))
    except RefusedError as error:
        return _again(deed, str(error))
    except ChoiceError as error:
        return _again(deed, _("Nothing was changed yet: see what is marked."), error)
    return _done(request, case, done)


def _done(request: HttpRequest, case: Case, done: Done) -> HttpResponse:
    if not _in_drawer(request):
        messages.success(request, done.text)
        return redirect("case", case.id)
    found = case_page.find(case.id) or case
    context = {"sheet": sheet.of(found, actor_of(request), timezone.now()), "done": done}
    answer = _answer(request, context)
    if done.answers:
        answer.headers["HX-Trigger-After-Settle"] = "kairan:answered"
    return answer


def _again(deed: Deed, trouble: str, error: ChoiceError | None = None) -> HttpResponse:
    """The page again, with what was typed and what is wrong beside each field. 200 for htmx, which swaps that."""
    if not _in_drawer(deed.request) and not error and not again.has_words(deed):
        messages.error(deed.request, trouble)
        return redirect("case", deed.case)
    status = 200 if _in_drawer(deed.request) else 422 if error else 409
    return _answer(deed.request, again.context(deed, trouble, error), status=status)


def _in_drawer(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and "drawer" in request.GET


def _answer(request: HttpRequest, context: Mapping[str, object], status: int = 200) -> HttpResponse:
    in_drawer = _in_drawer(request)
    template = "cases/sheet.html" if in_drawer else "cases/one.html"
    response = render(request, template, {**context, "in_drawer": in_drawer}, status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
