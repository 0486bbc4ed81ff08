"""A proxy on loopback between a command and PostgreSQL, which cuts all connections after so many bytes."""

import selectors
import socket
import struct
import threading
from typing import Self
from urllib.parse import parse_qs, urlsplit

_RESET = struct.pack("ii", 1, 0)  # close with a reset, as a firewall does


class CuttingProxy:
    """`url` is the database's through the proxy."""

    def __init__(self, url: str) -> None:
        self._target = parse_qs(urlsplit(url).query)["host"][0] + "/.s.PGSQL.5432"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._left, self._back, self.has_cut = 1 << 60, True, False
        self._lock, self._open = threading.Lock(), set[socket.socket]()
        self.url = f"postgresql://kairan@127.0.0.1:{self._listening.getsockname()[1]}/kairan?sslmode=disable"

    def cut_after(self, size: int, *, back: bool) -> None:
        """After this many bytes, of all connections and both directions. `back`: new connections are let in again."""
        self._left, self._back = size, back

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.has_cut and not self._back:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._open |= {client, server}
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        with selectors.DefaultSelector() as ready:
            for each in other:
                ready.register(each, selectors.EVENT_READ)
            try:
                while True:
                    for key, _ in ready.select():
                        source = next(each for each in other if each is key.fileobj)
                        data = source.recv(65_536)
                        if not data:
                            return
                        other[source].sendall(data[: self._allowed(len(data))])
            except (OSError, ValueError, StopIteration):
                return
            finally:
                for each in other:
                    self._open.discard(each)
                    each.close()

    def _allowed(self, size: int) -> int:
        with self._lock:
            before, self._left = self._left, self._left - size
        if before >= size:
            return size
        if not self.has_cut:
            self.has_cut, self._left = True, 1 << 60
            self._cut()
        return 0

    def _cut(self) -> None:
        for each in list(self._open):
            try:
                if each.family == socket.AF_INET:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
