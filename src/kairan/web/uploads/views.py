"""Reports handed in by the browser, and how their reading goes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
from kairan.web.uploads import complaints, progress
from kairan.web.uploads.forms import OptionsForm

_PIECE = 1 << 20
_MOST_RECENT = 30
_MOST_RUNS = 20


@needs(Right.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form and the last uploads. Without a script all files come at once; the script sends one at a time."""
    form = OptionsForm(request.POST if request.method == "POST" else None)
    wrong: list[str] = []
    if request.method == "POST" and form.is_valid():
        handed_in = _receive_all(request, form)
        if handed_in.taken:
            return _answer(request, handed_in)
        wrong = handed_in.refused or [_("Choose at least one file.")]
    failed = bool(wrong or form.errors)
    if failed and _asks_for_json(request):
        return JsonResponse({"detail": " ".join(wrong) or _said(form)}, status=400)
    context = {
        "form": form,
        "wrong": wrong,
        "recent": uploads.recent(_MOST_RECENT),
        "most": service.limit(),
        "api": request.build_absolute_uri("/api/v1/imports"),
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


@dataclass(slots=True)
class _HandedIn:
    """Files that came together: those taken in by number and name, and of the others what is wrong with them."""

    taken: list[tuple[int, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def alone(self) -> bool:
        return len(self.taken) + len(self.refused) == 1


def _receive_all(request: HttpRequest, form: OptionsForm) -> _HandedIn:
    """One that is too large keeps no other one out."""
    handed_in = _HandedIn()
    files = request.FILES.getlist("files")
    for file in files:
        name = str(file.name)
        try:
            handed_in.taken.append((_receive(request, file, form), name))
        except KairanError as error:
            reason = complaints.said(error)
            handed_in.refused.append(f"{name}: {reason}" if len(files) > 1 else reason)
    return handed_in


def _receive(request: HttpRequest, file: "UploadedFile[bytes]", form: OptionsForm) -> int:
    pieces: Iterator[bytes] = file.chunks(_PIECE)
    return service.receive(str(file.name), pieces, form.options(), request.user.pk, timezone.now())


def _answer(request: HttpRequest, handed_in: _HandedIn) -> HttpResponse:
    if _asks_for_json(request):
        made = [{"number": number, "url": reverse("upload", args=[number])} for number, _name in handed_in.taken]
        refused = {"refused": handed_in.refused} if handed_in.refused else {}
        return JsonResponse({"uploads": made, **refused})
    if handed_in.refused:
        names = ", ".join(name for _number, name in handed_in.taken)
        messages.success(request, _("Taken in: %(names)s") % {"names": names})
        messages.error(request, _("Not taken in: %(reasons)s") % {"reasons": "; ".join(handed_in.refused)})
    return redirect("upload", handed_in.taken[0][0]) if handed_in.alone else redirect("uploads")


def _read_again(request: HttpRequest, number: int, form: OptionsForm) -> HttpResponse:
    try:
        service.read_again(number, form.options(), request.user.pk, timezone.now())
    except IllegalTransition:
        messages.error(request, _("Nothing was changed: it is being read already, or its file is no longer kept."))
    except ConfigError as error:
        messages.error(request, complaints.said(error))
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
