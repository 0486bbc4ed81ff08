"""Reports handed in by the browser, and how their reading goes."""

from collections.abc import Iterator

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kairan.domain.errors import ConfigError, IllegalTransition, KairanError
from kairan.domain.rights import Right
from kairan.services import uploads as service
from kairan.store.queries import run as one_run
from kairan.store.queries import uploads
from kairan.web.runs import outcomes
from kairan.web.security import needs
from kairan.web.uploads import progress
from kairan.web.uploads.forms import OptionsForm

_PIECE = 1 << 20
_MOST_RECENT = 30
_MOST_RUNS = 20


@needs(Right.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form and the last uploads. Without a script all files come at once; the script sends one at a time."""
    form = OptionsForm(request.POST if request.method == "POST" else None)
    wrong = ""
    if request.method == "POST" and form.is_valid():
        files = request.FILES.getlist("files")
        wrong = "" if files else _("Choose at least one file.")
        if files:
            try:
                return _answer(request, [_receive(request, file, form) for file in files])
            except KairanError as error:
                wrong = str(error)
    failed = bool(wrong or form.errors)
    if failed and _asks_for_json(request):
        return JsonResponse({"detail": wrong or _said(form)}, status=400)
    context = {
        "form": form,
        "wrong": wrong,
        "recent": uploads.recent(_MOST_RECENT),
        "most": service.limit(),
    }
    return render(request, "uploads/list.html", context, status=400 if failed else 200)


@needs(Right.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """How its reading goes. A failed one can be read again with other options."""
    found = uploads.find(number)
    if found is None:
        raise Http404
    form = OptionsForm(request.POST if request.method == "POST" else None, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        return _read_again(request, number, form)
    finished = found.runs[:_MOST_RUNS] if found.finished_at else ()
    runs = [run for run in map(one_run.find, finished) if run]
    held = [each for run in runs for each in run.held]
    context = {
        "upload": found,
        "progress": progress.of(found, timezone.now()),
        "outcomes": outcomes.of_records(found.counts),
        "absence": outcomes.of_absence(found.counts),
        "runs": [(run, outcomes.news(run.counts)) for run in runs],
        "more_runs": len(found.runs) > _MOST_RUNS,
        "rejects": [
            (run, one_run.rejects_by_reason(run.id, reasons=5, each=0)) for run in runs if run.counts.get("rejected")
        ],
        "held": held,
        "held_waits": any(each.state == "waiting" for each in held),
        "form": form if found.state == "failed" and found.kept else None,
    }
    return render(request, "uploads/one.html", context)


def _receive(request: HttpRequest, file: "UploadedFile[bytes]", form: OptionsForm) -> int:
    pieces: Iterator[bytes] = file.chunks(_PIECE)
    return service.receive(str(file.name), pieces, form.options(), request.user.pk, timezone.now())


def _answer(request: HttpRequest, numbers: list[int]) -> HttpResponse:
    if _asks_for_json(request):
        return JsonResponse({"uploads": [{"number": each, "url": reverse("upload", args=[each])} for each in numbers]})
    return redirect("upload", numbers[0]) if len(numbers) == 1 else redirect("uploads")


def _read_again(request: HttpRequest, number: int, form: OptionsForm) -> HttpResponse:
    try:
        service.read_again(number, form.options(), request.user.pk, timezone.now())
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: it is being read already, or its file is no longer kept."))
    except ConfigError as error:
        messages.error(request, str(error))
    return redirect("upload", number)


def _initial(found: uploads.Upload) -> dict[str, object]:
    complete = {True: "complete", False: "partial"}.get(found.options.get("complete"), "")  # type: ignore[arg-type]
    return {**found.options, "complete": complete, "as_of": None, "modified": None}


def _asks_for_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _said(form: OptionsForm) -> str:
    return " ".join(
        f"{form.fields[name].label or name}: {' '.join(map(str, said))}" for name, said in form.errors.items()
    )
