"""The dummy's two sides: what the server takes, and what the client makes of its faults."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from kairan.destinations.dummy import DESTINATION
from kairan.destinations.dummy.faults import MISHAPS, Dice, Faults
from kairan.destinations.dummy.ledger import Ledger
from kairan.destinations.dummy.server import DummyServer
from kairan.interfaces.destination import DeliveryError, LookError, Parcel, Receipt, Surroundings, UncertainError

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[DummyServer]:
    made = DummyServer(0, Dice(1, Faults()), Ledger())
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.stopped.set()
    made.shutdown()
    made.server_close()


@pytest.fixture
def carrier(server: DummyServer) -> Iterator[Any]:
    around = Surroundings(secret=str, now=lambda: datetime.now(UTC))
    made = DESTINATION.open({"url": server.url, "timeout": 0.4}, around)
    yield made
    made.close()


def parcel(**said: Any) -> Parcel:
    return Parcel(str(uuid4()), "shop", {"purpose": "team_post"}, **said)


def test_a_message_is_sent_found_answered_and_edited(server: DummyServer, carrier: Any) -> None:
    first = parcel()
    receipt = carrier.send(first)
    assert carrier.find(first, LONG_AGO) == receipt
    carrier.send(parcel(root=receipt, broadcast=True))
    carrier.send(parcel(root=receipt, edits=True))
    post, reply = server.ledger.log()
    assert (reply["root"], reply["broadcast"], len(post["edits"])) == (receipt.id, True, 1)
    assert carrier.find(parcel(), LONG_AGO) is None


@pytest.mark.parametrize("mishap", MISHAPS)
def test_each_mishap_is_told_as_what_it_is(server: DummyServer, carrier: Any, mishap: str) -> None:
    server.dice.faults = Faults(**{mishap: 1.0}, hold=0.6)
    known = mishap in {"fail", "limit", "limit_all"}
    with pytest.raises(DeliveryError if known else UncertainError) as told:
        carrier.send(parcel())
    if mishap.startswith("limit"):
        assert told.value.retry_after == timedelta(seconds=1)
        assert told.value.whole == (mishap == "limit_all")
    applied = mishap in {"mute", "delay", "cut_after", "garble"}
    assert len(server.ledger.log()) == applied


def test_permanent_ones_say_whose_trouble_it_is(server: DummyServer, carrier: Any) -> None:
    server.dice.faults = Faults(refused=["shop"])
    with pytest.raises(DeliveryError) as refused:
        carrier.send(parcel())
    server.dice.faults = Faults(revoked=True)
    with pytest.raises(DeliveryError) as revoked:
        carrier.send(parcel())
    server.dice.faults = Faults()
    with pytest.raises(DeliveryError) as gone:
        carrier.send(parcel(root=Receipt("m99"), edits=True))
    assert [(e.value.permanent, e.value.whole, e.value.gone) for e in (refused, revoked, gone)] == [
        (True, False, False),
        (True, True, False),
        (True, False, True),
    ]


def test_a_list_that_fails_says_nothing_of_the_message(server: DummyServer, carrier: Any) -> None:
    server.dice.faults = Faults(fail_look=1.0, retry_after=7)
    with pytest.raises(LookError) as told:
        carrier.find(parcel(), LONG_AGO)
    assert told.value.retry_after == timedelta(seconds=7)


def test_a_server_that_is_not_there_is_told_nothing() -> None:
    carrier = DESTINATION.open({"url": "http://127.0.0.1:9"}, Surroundings(secret=str, now=lambda: LONG_AGO))
    with pytest.raises(DeliveryError) as told:
        carrier.send(parcel())
    assert told.value.whole
    assert not told.value.permanent
    assert carrier.check()


@pytest.mark.parametrize(
    "said",
    [
        {"marker": "no uuid", "payload": {"purpose": "x"}, "root": None, "broadcast": False},
        {"marker": str(uuid4()), "payload": {"purpose": "x"}, "root": None},
        {"marker": str(uuid4()), "payload": {"purpose": "x"}, "root": None, "broadcast": False, "more": 1},
        {"marker": str(uuid4()), "payload": {"purpose": "x" * 4001}, "root": None, "broadcast": False},
        [],
    ],
)
def test_wrong_requests_are_turned_away_and_remembered(server: DummyServer, said: Any) -> None:
    assert httpx.post(f"{server.url}/channels/shop/messages", json=said, trust_env=False).status_code == 400
    assert len(server.turned_away) == 1


def test_the_server_never_lags_more_than_it_promises() -> None:
    with pytest.raises(ValueError, match="promised"):
        Faults(late=1.0, hidden=1.0)


def test_a_killed_server_remembers_what_is_in_its_file(tmp_path: Any) -> None:
    file = tmp_path / "messages"
    said = {"marker": str(uuid4()), "payload": {"purpose": "x"}, "root": None, "broadcast": False}
    kept = Ledger(file).post("shop", said, 0)
    assert Ledger(file).listed("shop", LONG_AGO.isoformat())[0]["id"] == kept.id


def test_a_client_that_is_killed_in_the_middle_of_a_request_is_not_one_that_asks_for_nonsense(
    server: DummyServer,
) -> None:
    with socket.create_connection(server.server_address[:2]) as wire:
        wire.sendall(b'POST /channels/shop/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 400\r\n\r\n{"marker":')
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(100) == b""
    assert (server.turned_away, server.ledger.log()) == ([], [])
