"""Work beside a test."""

import threading
from collections.abc import Callable

from django.db import connection


def beside(work: Callable[[], object]) -> threading.Thread:
    """Started, in a thread whose connection is given back at its end."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
