"""Messages as Slack would draw them, channel by channel; pressing a button does what it would do there."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from kairan.domain.answer import Answer, Said
from kairan.domain.rights import Right
from kairan.interfaces import registry
from kairan.interfaces.destination import Interactive
from kairan.services import act as service
from kairan.services import configuration
from kairan.store.queries import preview
from kairan.store.queries.preview import Channel, Shown
from kairan.web.preview import drawing, payloads
from kairan.web.preview.drawing import NOTHING, Block, Entered
from kairan.web.preview.mrkdwn import drawn
from kairan.web.reader import actor_of, reader
from kairan.web.security import needs

_MOST = 20  # messages of a page
_REPLIES_SHOWN = 5  # below each of them; the thread's own page shows all
_DRAWS = "slack"
_DONE = {
    Said.SENT,
    Said.CLAIMED,
    Said.DECIDED,
    Said.ASKED_APPROVAL,
    Said.FIX_CLAIMED,
    Said.ASKED,
    Said.TICKET,
    Said.TICKET_PREVIEWED,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its blocks drawn, and those below it. `hidden` are replies that only the thread's page shows."""

    of: Shown
    blocks: Sequence[Block]
    interactive: bool
    language: str
    replies: Sequence["Message"] = ()
    hidden: int = 0


@needs(Right.SEE)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """A channel's messages, the newest at the bottom; the first channel's, when none is named."""
    channels = preview.channels()
    wanted = request.GET.get("destination", ""), request.GET.get("channel", "")
    chosen = next((each for each in channels if (each.destination, each.id) == wanted), None)
    if any(wanted) and chosen is None:
        raise Http404
    chosen = chosen or next(iter(channels), None)
    if chosen is None:
        return render(request, "preview/empty.html")
    before = _number(request.GET.get("before", ""))
    found = preview.latest(chosen.destination, chosen.id, before, _MOST + 1)
    older = _address(chosen, before=found[_MOST - 1].id) if len(found) > _MOST else ""
    context: dict[str, object] = {"messages_shown": _with_replies(found[:_MOST][::-1]), "older": older}
    context |= {"newest": _address(chosen) if before else "", "pressed": "pressed" in request.GET}
    return render(request, "preview/channel.html", context | _frame(channels, chosen))


@needs(Right.SEE)
@require_safe
def thread(request: HttpRequest, marker: UUID) -> HttpResponse:
    """One message with all that was said below it: where a message's link leads."""
    found = _find(marker)
    root = (preview.by_id(found.root) if found.root else None) or found
    if root.id != found.id:
        return redirect(f"{reverse('message', args=[root.marker])}#m-{found.id}")
    return _thread(request, root)


@needs(Right.SEE)
@require_safe
def raw(request: HttpRequest, marker: UUID) -> HttpResponse:
    """The message as Slack would be sent it, for Block Kit Builder."""
    shown = _find(marker)
    written = json.dumps({"blocks": shown.payload.get("blocks", [])}, ensure_ascii=False, indent=2)
    return render(request, "preview/raw.html", {"shown": shown, "written": written})


@needs(Right.SEE)
@require_POST
def press(request: HttpRequest, marker: UUID) -> HttpResponse:
    """A button was pressed, or the form it opened was sent. Whether the person may is asked by the service."""
    shown, place = _find(marker), request.POST.get("press", "")
    user = f"kairan:{reader(request).pk}"
    pressed = payloads.block_actions(
        shown.payload, place, request.POST, channel=shown.channel, message=str(shown.marker), user=user
    )
    if pressed is None:
        raise BadRequest("there is no such button")
    answer = _acted(request, pressed)
    view = _drawn(answer).get("view")
    if view and "sent" in request.POST:
        answer = _acted(request, payloads.view_submission(view, request.POST, user=user))
    if answer.code in _DONE:
        return _done(request, shown, answer)
    return _asked_again(request, shown, answer, view, place)


def _acted(request: HttpRequest, payload: Mapping[str, Any]) -> Answer:
    """Through the very handler that reads Slack's payloads."""
    actions = _slack().actions(payload)
    return service.act(actions[0], actor_of(request), timezone.now()) if actions else Answer(Said.GONE)


def _done(request: HttpRequest, shown: Shown, answer: Answer) -> HttpResponse:
    messages.success(request, _note(answer))
    root = (preview.by_id(shown.root) if shown.root else None) or shown
    return redirect(f"{reverse('message', args=[root.marker])}?pressed=1")


def _asked_again(
    request: HttpRequest, shown: Shown, answer: Answer, view: Mapping[str, Any] | None, place: str
) -> HttpResponse:
    """The form to be filled in, what is wrong with it, or why it was not done."""
    sent = "sent" in request.POST
    errors = _drawn(answer).get("errors", {}).get("errors", {})
    entered = Entered(request.POST if answer.errors else None, errors)
    modal = None
    if view and (answer.form or answer.errors):
        modal = {"view": view, "blocks": drawing.blocks(view, entered if sent else NOTHING), "press": place}
        modal |= {"title": view["title"]["text"], "submit": view["submit"]["text"], "close": view["close"]["text"]}
    note = SafeString("") if answer.form else _note(answer)
    root = (preview.by_id(shown.root) if shown.root else None) or shown
    again = entered if answer.errors and modal is None else NOTHING
    context = {"note": note, "modal": modal, "at": shown}
    return _thread(request, root, {shown.id: again}, context, status=200 if answer.form else _status(answer))


def _status(answer: Answer) -> int:
    return {Said.FORBIDDEN: 403, Said.GONE: 404, Said.WRONG: 422, Said.ILLEGAL: 409}.get(answer.code, 200)


def _thread(
    request: HttpRequest,
    root: Shown,
    entered: Mapping[int, Entered] | None = None,
    more: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    channels = preview.channels()
    here = next((each for each in channels if (each.destination, each.id) == (root.destination, root.channel)), None)
    chosen = here or Channel(root.destination, root.channel, root.channel, None, False)
    replies = preview.below([root.id]).get(root.id, [])
    shown = _message(root, _languages(), entered or {}, replies, len(replies))
    context = {"message": shown, "pressed": "pressed" in request.GET, **(more or {})}
    return render(request, "preview/thread.html", context | _frame(channels, chosen), status=status)


def _with_replies(found: Sequence[Shown]) -> list[Message]:
    """Messages with what was said below them; a broadcast reply stands in the channel by itself."""
    below = preview.below(each.id for each in found if each.root is None)
    languages = _languages()
    return [_message(each, languages, {}, below.get(each.id, []), _REPLIES_SHOWN) for each in found]


def _message(
    shown: Shown, languages: Mapping[str, str], entered: Mapping[int, Entered], replies: Sequence[Shown], most: int
) -> Message:
    return Message(
        shown,
        drawing.blocks(shown.payload, entered.get(shown.id, NOTHING)),
        drawing.is_interactive(shown.payload),
        languages.get(shown.team) or languages.get(f"to {shown.destination}") or languages[""],
        [_message(each, languages, entered, (), 0) for each in replies[:most]],
        max(len(replies) - most, 0),
    )


def _languages() -> Mapping[str, str]:
    """In which language a team, a destination (`to NAME`) or else everybody is told."""
    config = configuration.active()
    teams: dict[str, str] = {team.key: team.language for team in config.teams}
    return teams | {f"to {each.name}": each.language for each in config.destinations} | {"": config.language}


def _frame(channels: Iterable[Channel], chosen: Channel) -> dict[str, object]:
    links = [(each, _address(each) + "#latest", each == chosen) for each in channels]
    return {"channels": links, "chosen": chosen, "here": _address(chosen) + "#latest"}


def _address(channel: Channel, **more: int) -> str:
    query: dict[str, str | int] = {"destination": channel.destination, "channel": channel.id, **more}
    return f"{reverse('messages')}?{urlencode(query)}"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def _find(marker: UUID) -> Shown:
    found = preview.find(marker)
    if found is None:
        raise Http404
    return found


def _note(answer: Answer) -> SafeString:
    """The reader's language, as the destination says it to them alone."""
    note: dict[str, Any] = _drawn(answer)["note"]
    return drawn(note["blocks"][0]["text"])


def _drawn(answer: Answer) -> dict[str, Any]:
    return dict(_slack().answer(answer, (get_language() or "en")[:2]))


def _slack() -> Interactive:
    return cast(Interactive, registry.destinations()[_DRAWS])
