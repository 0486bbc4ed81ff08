"""How many of a process do the same work at once. Who finds no room goes, so that others' jobs find a slot."""

import threading
from collections.abc import Callable


class Turns:
    """Room for `most`. Nothing is forgotten: who is in looks, after having made room, for what came meanwhile."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._room = threading.BoundedSemaphore(most)

    def take(self, work: Callable[[], object], is_left: Callable[[], bool]) -> bool:
        """Work if there is room, again while something is left. False: others are at it, and see to it."""
        did = False
        while self._room.acquire(blocking=False):
            try:
                work()
            finally:
                self._room.release()
            did = True
            if not is_left():
                break
        return did
