"""A proxy that loses answers: it passes the request on, waits until the answer begins, and hangs up.

By then the platform has committed. To whom it happened it looks like a server that died.
"""

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class Proxy:
    """`cut` says how many of the next answers are lost. Used as a context."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.to_cut = self.was_cut = 0

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.close()

    def cut(self, answers: int = 1) -> None:
        with self.lock:
            self.to_cut = answers

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _address = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self.upstream) as server:
            up = threading.Thread(target=_pour, args=(client, server), daemon=True)
            up.start()
            while data := server.recv(65536):
                if self._is_cut():
                    client.shutdown(socket.SHUT_RDWR)  # a mere close waits for the thread that still reads
                    return
                client.sendall(data)

    def _is_cut(self) -> bool:
        with self.lock:
            if not self.to_cut:
                return False
            self.to_cut -= 1
            self.was_cut += 1
            return True


def _pour(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
