"""Use case: hear what people do in a destination: press a button, send a form.

A press becomes a job before it is acknowledged, so it outlives whoever heard it; the job finds out who it was, does it
(services.act) and answers that person. What needs an answer at once does not wait for a job: a form that a button
opens, and the errors of a form that was sent. A form that takes longer than the other side waits becomes a job, too,
before it is acknowledged. Whoever gets to a thing first does it, and notes in the same transaction that it is done.
"""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError  # noqa: A004 - the one that result() raises
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from django.db import close_old_connections, connections, transaction
from msgspec.structs import replace
from procrastinate.contrib.django import app

from kairan.domain.answer import Answer, Said
from kairan.domain.errors import KairanError
from kairan.domain.message import Action
from kairan.interfaces import registry
from kairan.interfaces.conversation import Answering, Conversation, Homely
from kairan.interfaces.destination import DeliveryError, Interactive, Payload
from kairan.services import act, asking, clickers, configuration, home, raising, rounds
from kairan.services.carriers import Carriers, carriers
from kairan.services.waking import PRESSES
from kairan.store.connection import raw_cursor
from kairan.store.queries import heard

HEAR = "kairan.hear"  # the job's name; entrypoints.jobs says what it does
FORMS = frozenset({"decide", "defer", "not_affected", "ask", raising.RAISE})  # these buttons open a form
LOST_AFTER = 30  # seconds without a sign of life of the worker that does a press
_URGENT = 10  # before what else waits in the queue
LOOKUP = "lookup"  # no button, but a question
HOME = "home"  # nor this: somebody opened their page
_PATIENCE = 2.0  # seconds; the other side gives up after three

Clock = Callable[[], datetime]
log = structlog.get_logger("kairan.hearing")
_pool = ThreadPoolExecutor(8, "kairan-hearing")


def hear(name: str, payload: Mapping[str, Any], clock: Clock) -> Payload:
    """Take in what the destination `name` says, and return what to acknowledge it with ({} for nothing to say).

    Whoever calls acknowledges after this returned. An error means it was not heard: do not acknowledge.
    """
    said: Payload = {}
    for action in _kind(name).actions(payload):
        said = _heard(name, action, clock) or said
    return said


def _heard(name: str, action: Action, clock: Clock) -> Payload:
    """Each thing once: destinations repeat what they believe was not heard."""
    if action.code == rounds.POST and not rounds.is_start(name, action):
        return {}
    action = replace(action, key=action.key or hashlib.sha256(msgspec.json.encode(action)).hexdigest())
    now = clock()
    if action.values.get("submitted"):
        return _sent(name, action, clock)
    if action.code in FORMS:
        if heard.is_new(raw_cursor(), name, action.key, now):
            _pool.submit(_apart, _open, name, action, clock)
        return {}
    with transaction.atomic():
        if heard.is_new(raw_cursor(), name, action.key, now):
            _note(name, action)
    return {}


def do(name: str, action: Mapping[str, Any], clock: Clock, *, is_last: bool = False) -> None:
    """The job: what somebody pressed is done, and they are told; also when the last attempt at it failed."""
    with carriers(configuration.active(), clock) as known:
        deed = _Deed(known, name, msgspec.convert(action, Action), clock)
        try:
            _do(deed)
        except Exception:  # whatever it was: the person waits for a word; the job's runner logs it
            if is_last and deed.action.code not in {rounds.POST, HOME}:
                deed.tell(Answer(Said.FAILED))
            raise


def _do(deed: "_Deed") -> None:
    if deed.action.code == LOOKUP:
        deed.look_up()
    elif deed.action.code == rounds.POST:
        rounds.start(deed.name, deed.action, deed.clock())
    elif deed.action.code == HOME:
        deed.show_home(None)
    elif answer := deed.once():
        deed.tell(answer)


async def take_up(jobs: Any) -> int:
    """Let presses be done whose worker died over them. Returns how many. `jobs` is Procrastinate's app."""
    lost = list(await jobs.job_manager.get_stalled_jobs(task_name=HEAR, seconds_since_heartbeat=LOST_AFTER))
    for job in lost:
        await jobs.job_manager.retry_job(job)
    return len(lost)


def _note(name: str, action: Action) -> None:
    job = app.configure_task(name=HEAR, queue=PRESSES, priority=_URGENT)
    job.defer(destination=name, action=msgspec.to_builtins(action))


def _sent(name: str, action: Action, clock: Clock) -> Payload:
    """Do what a form asks for, and say at its fields what is wrong. Nothing to say: the form closes."""
    if not heard.is_new(raw_cursor(), name, action.key, clock()):
        return heard.answer(raw_cursor(), name, action.key)
    said: Future[Payload] = Future()
    is_heard = False
    try:
        _pool.submit(_apart, _submit, name, action, clock, said)
        errors = _in_time(said, name, action)
        is_heard = True
    finally:
        if not is_heard:
            heard.forget(raw_cursor(), name, action.key)  # it is not acknowledged, and may come again
    return errors


def _in_time(said: "Future[Payload]", name: str, action: Action) -> Payload:
    try:
        return said.result(_PATIENCE)
    except TimeoutError:
        if said.done():  # that was its own error, or it came at the last moment
            return said.result()
    _note(name, action)
    if said.cancel():
        log.warning("a form takes long", destination=name, code=action.code)
        return {}
    return said.result()


def _submit(name: str, action: Action, clock: Clock, said: "Future[Payload]") -> None:
    """`said` is cancelled when nobody waits any more: then what is wrong is told like everything else."""
    with carriers(configuration.active(), clock) as known:
        deed = _Deed(known, name, action, clock)
        try:
            answer = deed.once()
        except BaseException as error:  # whatever it was is the waiting person's, and the log's
            if said.set_running_or_notify_cancel():
                said.set_exception(error)
            raise
        errors: Payload = deed.drawn(answer).get("errors", {}) if answer else {}
        is_in_time = said.set_running_or_notify_cancel()
        if is_in_time:
            said.set_result(errors)
        if answer and not (errors and is_in_time):
            deed.tell(answer)


def _open(name: str, action: Action, clock: Clock) -> None:
    """Open the form that a button asks for, while its trigger is good."""
    with carriers(configuration.active(), clock) as known:
        deed = _Deed(known, name, action, clock)
        try:
            deed.show_form()
        except Exception:  # whatever it was: the person waits for a form; the thread's runner logs it
            if not action.values.get("view"):
                deed.tell(Answer(Said.NOT_OPENED))
            raise


def _apart(work: Callable[..., Any], *given: Any) -> Any:
    """In a thread of our own: with a connection of its own, given back at the end. What fails is logged."""
    close_old_connections()
    try:
        return work(*given)
    except KairanError as error:
        log.warning("what somebody did could not be answered", reason=str(error))
        raise
    except Exception:  # the runner: nobody waits for this thread's error, so the log has it
        log.exception("what somebody did failed")
        raise
    finally:
        connections.close_all()


@dataclass(slots=True)
class _Deed:
    """One thing that one person did in one destination."""

    known: Carriers
    name: str
    action: Action
    clock: Clock
    _language: str = ""

    @property
    def talk(self) -> Conversation:
        carrier = self.known.carrier(self.name)
        assert isinstance(carrier, Conversation)
        return carrier

    def do(self) -> Answer:
        return self._acted(self._who(), self.action)

    def show_form(self) -> None:
        """Open it, or change the one that is open. Who may not is told why."""
        answer, action = self.do(), self.action
        view = self.drawn(answer).get("view")
        if view and (form := str(action.values.get("view", ""))):
            at = action.channel, action.message, action.reply
            self.talk.change_form(form, str(action.values.get("seen", "")), view, *at)
        elif view:
            self.talk.open_form(action.trigger, view, action.channel, action.message, action.reply)
        else:
            self.tell(answer)

    def once(self) -> Answer | None:
        """Do it, and note in the same transaction that it is done. None: it was done before."""
        cursor = raw_cursor()
        if heard.is_done(cursor, self.name, self.action.key):
            return None
        who, action = self._who(), self._whole()
        with transaction.atomic():
            if heard.is_done(cursor, self.name, self.action.key):
                return None
            answer = self._acted(who, action)
            heard.keep_answer(cursor, self.name, self.action.key, self.drawn(answer).get("errors", {}))
        return answer

    def _whole(self) -> Action:
        """With what only the destination knows: where a message stands, which is never as a payload says it."""
        action = self.action
        if action.code != raising.RAISE or not action.values.get("submitted"):
            return action
        url, place = self.talk.where(action.channel, action.message)
        return replace(action, values={**action.values, "url": url, "place": place})

    def _acted(self, who: clickers.Clicker, action: Action) -> Answer:
        answer = act.act(action, who.actor, self.clock())
        return replace(answer, code=Said.GUEST) if answer.code is Said.FORBIDDEN and who.someone.is_guest else answer

    def look_up(self) -> None:
        """Answer who is affected."""
        kind, who = _kind(self.name), self._who()
        if isinstance(kind, Answering):
            found = asking.who_is_affected(str(self.action.values.get("text", "")), who.actor)
            self.talk.respond(self.action.reply, kind.affected(found, who.language))

    def show_home(self, said: Answer | None) -> None:
        """Draw their page, as things are. If it was drawn anew while we did, things may be newer: once more."""
        kind = _kind(self.name)
        if not isinstance(kind, Homely):
            return
        for seen in (str(self.action.values.get("seen", "")), ""):
            who = self._who()
            view = kind.home(home.home_of(who, self.clock()), said, who.language)
            if self.talk.show_home(self.action.who, view, seen):
                return

    def _who(self) -> clickers.Clicker:
        config, destination = configuration.active(), self.known.configured[self.name]
        action, now = self.action, self.clock()
        who = clickers.clicker(self.talk, config, destination, action.who, action.channel, now)
        self._language = who.language
        return who

    def drawn(self, answer: Answer) -> Payload:
        language = self._language or self.known.configured[self.name].language or configuration.active().language
        return _kind(self.name).answer(answer, language)

    def tell(self, answer: Answer) -> None:
        """Tell this person what came of it. It is done, whether or not they can be told."""
        note = self.drawn(answer).get("note")
        if not note:
            return
        try:
            if not self._replied(note):
                if self.action.channel:
                    self.talk.whisper(self.action.channel, self.action.who, note)
                else:  # it was done on their page
                    self.show_home(answer)
        except KairanError as error:
            log.warning("a person could not be told what came of it", destination=self.name, reason=str(error))

    def _replied(self, note: Payload) -> bool:
        """At the address that came with what they did. It does not last long: who fills a form in slowly is told in
        the channel."""
        if not self.action.reply:
            return False
        try:
            self.talk.respond(self.action.reply, note)
        except DeliveryError as error:
            if not (error.gone and self.action.channel):
                raise
            log.info("answered in the channel", destination=self.name, reason=str(error))
            return False
        return True


def _kind(name: str) -> Interactive:
    """The kind of a configured destination that people talk back to. KairanError where it is none (any more)."""
    configured = next((each for each in configuration.active().destinations if each.name == name), None)
    kind = registry.destinations().get(configured.kind) if configured else None
    if not isinstance(kind, Interactive):
        raise KairanError(f"nobody listens to the destination {name} any more")
    return kind
