"""Told once, whoever else is at it: two senders, a sender and a look, a person's word, limits that come and go."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from kairan.domain.news import Code
from kairan.interfaces.destination import DeliveryError, Parcel, Receipt
from kairan.services import configuration, deliver
from kairan.services.actor import Actor
from kairan.services.carriers import Carriers, carriers
from kairan.services.sending import Sending
from tests.services.town import Town, town


@pytest.fixture
def here(store: None) -> Iterator[Town]:
    with town() as found:
        found.settings["timeout"] = 10  # nothing here is about time: a busy machine is not to make it so
        found.apply()
        yield found


@pytest.fixture
def post(here: Town) -> Any:
    """A case of which PSIRT alone is told: one delivery that waits."""
    here.news(here.case(""), Code.OPENED)
    return here.only(purpose="psirt_post")


@pytest.fixture
def worker(here: Town) -> Iterator[Callable[[], Carriers]]:
    """One more worker's connections."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(carriers(configuration.active(), here.clock))


def during_the_call(known: Carriers, happens: Callable[[], None], error: DeliveryError | None = None) -> None:
    """This worker's next call: the message arrives (or `error` is the answer) after this has happened."""
    real = known.carrier("dummy")

    class Slow:
        def send(self, parcel: Parcel) -> Receipt:
            happens()
            if error:
                raise error
            return real.send(parcel)

        def close(self) -> None:
            real.close()

    known._open["dummy"] = Slow()  # type: ignore[assignment]


def claimed(known: Carriers, here: Town) -> Sending:
    one = deliver._claim(known, here.now)
    assert one is not None
    return Sending(known, here.clock, one)


def sought(known: Carriers, here: Town) -> Sending:
    one = deliver._seek(known, here.now)
    assert one is not None
    return Sending(known, here.clock, one)


def make_uncertain(here: Town, post: Any) -> None:
    here.fail(cut_before=1.0)
    here.work()
    here.fail()
    here.pass_(seconds=3)
    post.refresh_from_db()
    assert post.state == "uncertain"


@pytest.mark.parametrize("seconds", [0, 1], ids=["at the same moment", "a second later"])
def test_a_look_that_ends_late_takes_nothing_from_who_sends_it_by_now(
    here: Town, post: Any, worker: Callable[[], Carriers], seconds: int
) -> None:
    make_uncertain(here, post)
    sender, seeker = worker(), worker()
    look = sought(seeker, here)
    deliver.settle_by_hand(post.pk, Actor("admin"), here.now, there=False)
    here.pass_(seconds=seconds)
    mine = claimed(sender, here)

    def others() -> None:
        look.look()  # "not there", as it was
        post.refresh_from_db()
        met.append(post.state)
        if second := deliver._claim(seeker, here.now):
            Sending(seeker, here.clock, second).send()

    met: list[str] = []
    during_the_call(sender, others)
    mine.send()
    here.work()
    assert (met, here.purposes("C-psirt").count("psirt_post")) == (["sending"], 1)


@pytest.mark.parametrize(
    "error",
    [DeliveryError("try again", permanent=False), DeliveryError("no", permanent=True)],
    ids=["temporary", "permanent"],
)
def test_a_sender_given_up_as_lost_says_nothing_of_who_sends_it_by_now(
    here: Town, post: Any, worker: Callable[[], Carriers], error: DeliveryError
) -> None:
    slow, other = worker(), worker()
    mine = claimed(slow, here)

    def others() -> None:
        here.pass_(minutes=1)
        deliver.step(other, here.clock)  # lost: uncertain
        here.pass_(seconds=3)
        deliver.step(other, here.clock)  # looked for, not there
        theirs.append(claimed(other, here))

    theirs: list[Sending] = []
    during_the_call(slow, others, error)
    mine.send()
    post.refresh_from_db()
    assert post.state == "sending", "it is theirs"
    theirs[0].send()
    post.refresh_from_db()
    assert post.state == "sent"
    here.work()
    assert here.purposes("C-psirt").count("psirt_post") == 1


def test_a_late_success_counts_while_nobody_has_begun_again(
    here: Town, post: Any, worker: Callable[[], Carriers]
) -> None:
    slow, other = worker(), worker()
    mine = claimed(slow, here)

    def others() -> None:
        here.pass_(minutes=1)
        deliver.step(other, here.clock)
        here.pass_(seconds=3)
        deliver.step(other, here.clock)
        post.refresh_from_db()
        met.append(post.state)

    met: list[str] = []
    during_the_call(slow, others)
    mine.send()
    post.refresh_from_db()
    assert (met, post.state) == (["pending"], "sent")
    here.work()
    assert here.purposes("C-psirt").count("psirt_post") == 1


def test_what_a_look_finds_is_sent_although_a_person_did_not_see_it(
    here: Town, post: Any, worker: Callable[[], Carriers]
) -> None:
    here.fail(cut_after=1.0)
    here.work()
    here.fail()
    here.pass_(seconds=3)
    look = sought(worker(), here)
    deliver.settle_by_hand(post.pk, Actor("admin"), here.now, there=False)
    look.look()
    here.work()
    assert here.purposes("C-psirt").count("psirt_post") == 1


def test_a_limit_of_everything_outlives_the_success_of_what_was_under_way(
    here: Town, worker: Callable[[], Carriers]
) -> None:
    """Two channels: in one a message is on its way while the other hears that all of it has to wait."""
    here.news(here.case("shop"), Code.OPENED)
    fine, limited = worker(), worker()
    under_way, late = claimed(fine, here), claimed(limited, here)
    limit = DeliveryError("429", retry_after=timedelta(seconds=60), whole=True)
    during_the_call(limited, lambda: None, limit)
    during_the_call(fine, late.send)
    under_way.send()
    assert here.state().not_before == here.now + timedelta(seconds=60)
    here.pass_(seconds=59)
    assert not here.work()
    here.pass_(seconds=1)
    here.work()
    assert {each.state for each in here.deliveries()} == {"sent"}
    assert here.state().not_before is None
