"""What a worker does when it is woken. Jobs are wake-ups only: what is to be done stands in rows."""

import threading

from django.db import close_old_connections, connection
from procrastinate.contrib.django import app

from kairan.runtime import clock
from kairan.services import demo, read_uploads
from kairan.services.demo import PLAY
from kairan.services.uploads import READ

stopping = threading.Event()


@app.task(name=READ)
def read() -> None:
    """Read the uploads that wait."""
    close_old_connections()
    try:
        read_uploads.work(clock.now, stopping.is_set)
    finally:
        connection.close()


@app.task(name=PLAY)
def play() -> None:
    """Play a day of the demo."""
    close_old_connections()
    try:
        demo.work(clock.now, stopping.is_set)
    finally:
        connection.close()
