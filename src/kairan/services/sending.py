"""One delivery on its way: made, handed over, and what became of it written down.

Every way out leaves a state: sent, refused, cancelled, uncertain, or waiting with a time. Nothing that a renderer or a
destination does wrong ends the worker.
"""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import transaction

from kairan.domain.errors import ConfigError, KairanError
from kairan.domain.message import Purpose
from kairan.domain.news import Code, News
from kairan.interfaces.destination import DeliveryError, LookError, Parcel, Receipt, UncertainError
from kairan.services import case_events
from kairan.services.carriers import Carriers
from kairan.services.compose import compose
from kairan.services.telling import NEWS, edit
from kairan.services.waking import wake
from kairan.store.connection import raw_cursor
from kairan.store.queries import deliveries, doubles, lanes, outcomes
from kairan.store.queries.lanes import Claimed

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
_LONGEST_ERROR = 500
_MARGIN = timedelta(minutes=1)  # clocks of two machines
_NOT_THERE = {"refused": "root_refused", "cancelled": "root_cancelled"}
_chance = random.SystemRandom()
log = structlog.get_logger("kairan.deliver")


class _LostError(Exception):
    """It is not ours any more: we were too slow, and others have given us up."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A claimed delivery."""

    known: Carriers
    clock: Callable[[], datetime]
    one: Claimed

    def send(self) -> None:
        """Make it and hand it over."""
        if reason := self._nothing_to_hang_on():
            if reason != _NOT_THERE["cancelled"] or not self._finds_its_root():
                self._write(outcomes.settle, "cancelled", reason, self.clock())
            return
        if self._is_said_already():
            return
        try:
            parcel = self._parcel()
        except Exception as error:  # whatever a composer or renderer does wrong is this delivery's end, not ours
            log.exception("a message could not be made", delivery=self.one.id)
            self._refused(f"the message could not be made: {_first_line(error)}")
            return
        try:
            self._announce(parcel)
            receipt = self._handed_over(parcel)
        except _LostError:
            log.warning("a delivery took too long to be made; it is given back", delivery=self.one.id)
        except DeliveryError as error:
            self._failed(error)
        except ConfigError as error:
            self._failed(DeliveryError(str(error), permanent=True, whole=True))
        except UncertainError as error:
            self._uncertain(str(error))
        except Exception as error:  # a third party's code; whether it had sent already nobody knows
            log.exception("a destination failed in an unknown way", delivery=self.one.id)
            self._uncertain(_first_line(error))
        else:
            self._sent(receipt)

    def look(self) -> None:
        """Find out what became of an uncertain one."""
        if self.one.edits:
            self._edit_once_more()
            return
        if self.known.kind(self.one.destination).guarantee == "at_least_once":
            self._write(outcomes.wait, self.clock(), "")
            return
        try:
            carrier = self.known.carrier(self.one.destination)
            since = self.one.sending_since - _MARGIN
            receipt = carrier.find(self._parcel_of(self.one.payload or {}), since)
        except LookError as error:
            self._still_uncertain(str(error), error.retry_after)
        except KairanError as error:
            self._still_uncertain(str(error), None)
        except Exception as error:  # a third party's code: nothing is known
            log.exception("a destination could not be asked", delivery=self.one.id)
            self._still_uncertain(_first_line(error), None)
        else:
            if receipt is None:
                self._write(outcomes.wait, self.clock(), "")
            else:
                self._sent(receipt)

    # --- before the call ------------------------------------------------------------------------------------------

    def _nothing_to_hang_on(self) -> str:
        """Why an edit or reply has no message to go to, if so."""
        if self.one.root is None:
            return ""
        if self.one.edits and self.one.root_lost:
            return self.one.root_lost
        return _NOT_THERE.get(self.one.root_state, "")

    def _finds_its_root(self) -> bool:
        """What it was to hang on gave way to another message just as this was written, or is awake again."""
        if self.one.edits or self.one.root is None:
            return False
        with transaction.atomic():
            cursor, now = raw_cursor(), self.clock()
            other = doubles.stands_for(cursor, self.one.root)
            if other is not None:
                outcomes.wait(cursor, self.one, now, "")
                if other != self.one.root:
                    deliveries.hang(cursor, self.one.root, other, now)
            return other is not None

    def _is_said_already(self) -> bool:
        """Its case became one with another, whose message is there: this one was uncertain then, or refused."""
        with transaction.atomic():
            cursor = raw_cursor()
            other = doubles.of(cursor, self.one)
            if other is not None:
                outcomes.settle(cursor, self.one, "cancelled", "overtaken", self.clock())
                doubles.give_way(cursor, self.one.id, other, self.clock())
            return other is not None

    def _parcel(self) -> Parcel:
        message = compose(self.one.id)
        payload = self.known.kind(self.one.destination).render(message)
        return self._parcel_of(msgspec.to_builtins(payload))

    def _parcel_of(self, payload: Any) -> Parcel:
        hangs = self.one.root is not None and not self.one.root_lost
        return Parcel(
            marker=self.one.marker,
            channel=self.one.channel,
            payload=payload,
            root=_receipt(self.one.root_receipt) if hangs else None,
            edits=self.one.edits,
            broadcast=bool(self.one.params.get("broadcast")),
        )

    def _announce(self, parcel: Parcel) -> None:
        """Keep what is about to be sent, if it is still ours to send and nobody will give us up during the call."""
        fresh = self.clock() - self.one.sending_since <= self.known.timeout(self.one.destination)
        if not fresh:
            self._write(outcomes.wait, self.clock(), "")
            raise _LostError
        with transaction.atomic():
            if not lanes.announce(raw_cursor(), self.one, msgspec.json.encode(parcel.payload).decode()):
                raise _LostError

    def _handed_over(self, parcel: Parcel) -> Receipt:
        carrier = self.known.carrier(self.one.destination)
        if self.one.purpose == Purpose.TEST and (problems := carrier.check()):
            raise DeliveryError("; ".join(f"{each.what}: {each.todo}" for each in problems), permanent=True)
        return carrier.send(parcel)

    # --- after it -------------------------------------------------------------------------------------------------

    def _sent(self, receipt: Receipt) -> None:
        now, is_test = self.clock(), self.one.purpose == Purpose.TEST
        with transaction.atomic():
            cursor = raw_cursor()
            if not outcomes.sent(cursor, self.one, asdict(receipt), now):
                log.warning("a delivery was settled otherwise before its answer came", delivery=self.one.id)
                return
            outcomes.went_well(cursor, self.one.destination, now, tested=is_test)
            lanes.slow_down(cursor, self.one, now + self.known.pace(self.one.destination))
            if is_test:
                outcomes.tested(cursor, self.one.destination, {"ok": True, "url": receipt.url}, now)
            self._tell_of_it(cursor, receipt, now)

    def _tell_of_it(self, cursor: deliveries.Cursor, receipt: Receipt, now: datetime) -> None:
        """A ticket is news of its case; a team's post that came late is linked in the form."""
        if self.one.edits or self.one.case is None:
            return
        if self.one.purpose == Purpose.TICKET:
            said: dict[str, object] = {"destination": self.one.destination, "url": receipt.url}
            by = str(self.one.params.get("by", ""))
            case_events.record(cursor, [News(self.one.case, Code.TICKET, now, None, said, by)], now)
        elif self.one.purpose in {Purpose.TEAM_POST, Purpose.HANDOVER} and (
            late := outcomes.forms_below(cursor, self.one)
        ):
            roots = {root.id: root for root in deliveries.roots(cursor, [self.one.case])[self.one.case]}
            waiting = deliveries.join_edits(cursor, dict.fromkeys(late, ()), NEWS, now)
            rows = [edit(roots[number], NEWS, now) for number in late if number not in waiting]
            deliveries.add(cursor, rows, now)
            wake()

    def _failed(self, error: DeliveryError) -> None:
        """Certainly not delivered. Whose trouble is it, and will it pass?"""
        if self.one.purpose == Purpose.TEST:
            self._refused(str(error))
        elif error.permanent and error.whole:
            self._put_back(error, self.clock(), broken=True)
        elif error.permanent and error.gone and self.one.root is not None:
            self._root_is_gone(self.one.root)
        elif error.permanent:
            self._refused(str(error))
        else:
            self._put_back(error, self.clock() + self._patience(error.retry_after), broken=False)

    def _put_back(self, error: DeliveryError, until: datetime, *, broken: bool) -> None:
        now, name = self.clock(), self.one.destination
        with transaction.atomic():
            cursor = raw_cursor()
            outcomes.wait(cursor, self.one, until, _short(str(error)))
            outcomes.went_wrong(
                cursor,
                name,
                _short(str(error)),
                now,
                until=until if error.whole and not broken else None,
                broken=broken,
            )
            if error.retry_after and not error.whole:
                lanes.slow_down(cursor, self.one, until)  # the channel asked for it, not this message alone

    def _root_is_gone(self, root: int) -> None:
        """People deleted what it belongs to: an edit has no sense any more, a reply is told on its own."""
        now = self.clock()
        with transaction.atomic():
            cursor = raw_cursor()
            outcomes.root_is_gone(cursor, root)
            if self.one.edits:
                outcomes.settle(cursor, self.one, "cancelled", "root_gone", now)
            elif outcomes.wait(cursor, self.one, now, "root_gone"):
                outcomes.stand_alone(cursor, self.one)

    def _refused(self, error: str) -> None:
        now = self.clock()
        with transaction.atomic():
            cursor = raw_cursor()
            outcomes.settle(cursor, self.one, "refused", _short(error), now)
            outcomes.went_wrong(cursor, self.one.destination, _short(error), now)
            if self.one.purpose == Purpose.TEST:
                outcomes.tested(cursor, self.one.destination, {"ok": False, "error": _short(error)}, now)

    def _uncertain(self, error: str) -> None:
        """Until the destination has settled nobody can say. One that only promises "at least once" is sent again."""
        kind, now = self.known.kind(self.one.destination), self.clock()
        with transaction.atomic():
            cursor = raw_cursor()
            outcomes.went_wrong(cursor, self.one.destination, _short(error), now)
            if self.one.purpose == Purpose.TEST:
                outcomes.tested(cursor, self.one.destination, {"ok": False, "error": _short(error)}, now)
            if kind.guarantee == "at_least_once":
                outcomes.wait(cursor, self.one, now + self._patience(None), _short(error))
            else:
                outcomes.doubt(cursor, self.one, now + kind.settle, _short(error))

    def _still_uncertain(self, error: str, retry_after: timedelta | None) -> None:
        since = self.clock() - self.one.sending_since
        later = retry_after or min(max(since / 2, FIRST_WAIT), LONGEST_WAIT)
        self._write(outcomes.doubt, self.clock() + later, _short(error))

    def _edit_once_more(self) -> None:
        """What an edit says holds however often it is said: it is made anew, unless a newer one waits."""
        with transaction.atomic():
            cursor = raw_cursor()
            if outcomes.has_newer_edit(cursor, self.one):
                outcomes.settle(cursor, self.one, "cancelled", "overtaken", self.clock())
            else:
                outcomes.wait(cursor, self.one, self.clock(), "")

    def _patience(self, retry_after: timedelta | None) -> timedelta:
        """As long as it asked for; else longer each time, and not all at the same moment."""
        if retry_after is not None:
            return retry_after
        doubled: int = 1 << min(self.one.attempts - 1, 16)
        longest = min(FIRST_WAIT * doubled, LONGEST_WAIT)
        return longest * _chance.uniform(0.5, 1.0)

    def _write(self, write: Callable[..., object], *said: object) -> None:
        with transaction.atomic():
            write(raw_cursor(), self.one, *said)


def _receipt(kept: Any) -> Receipt:
    kept = kept or {}
    return Receipt(kept.get("id", ""), kept.get("url", ""), kept.get("more") or {})


def _first_line(error: Exception) -> str:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return said if isinstance(error, KairanError) else f"{type(error).__name__}: {said}"


def _short(text: str) -> str:
    return text.replace("\0", "")[:_LONGEST_ERROR]
