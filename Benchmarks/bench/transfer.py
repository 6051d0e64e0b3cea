"""Large bodies over one connection, counted and thrown away in the kernel (MSG_TRUNC, tcp(7)),
so that the proxy and not this client is what is measured."""

import re
import socket
import time

from . import web

_BLOCK = 1 << 20


def _discard(connection, count):
    """Takes `count` bytes without copying them; fewer if the peer ends first."""
    block, taken = bytearray(_BLOCK), 0
    while taken < count:
        some = connection.recv_into(block, min(_BLOCK, count - taken), socket.MSG_TRUNC)
        if some == 0:
            break
        taken += some
    return taken


def _length(head):
    return int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1))


def download(port, path, size, timeout=120.0):
    """Seconds that a GET took; the body must be `size` bytes, all of which came."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        begun = time.monotonic()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench.test\r\n\r\n".encode("ascii"))
        head, rest = web.read_head(connection)
        if head[9:12] != b"200" or _length(head) != size:
            raise RuntimeError(f"port {port} answered {head[:200]!r}")
        taken = len(rest) + _discard(connection, size - len(rest))
        if taken != size:
            raise RuntimeError(f"port {port}: {taken} of {size} bytes came")
        return time.monotonic() - begun


def upload(port, path, file, size, timeout=120.0):
    """Seconds that a POST of a file took; the sink must say that it got `size` bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection, open(
        file, "rb"
    ) as source:
        begun = time.monotonic()
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: bench.test\r\n"
                           f"Content-Length: {size}\r\n\r\n".encode("ascii"))
        connection.sendfile(source, count=size)
        head, rest = web.read_head(connection)
        while len(rest) < _length(head):
            rest += connection.recv(_BLOCK)
        if head[9:12] != b"200" or int(rest) != size:
            raise RuntimeError(f"port {port} answered {head[:200]!r} {rest[:50]!r}")
        return time.monotonic() - begun


def serve_sink(port):
    """An origin that takes a body whole and then answers how long it was; one at a time."""
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    head, rest = web.read_head(connection)
                    length = _length(head)
                    taken = str(len(rest) + _discard(connection, length - len(rest)))
                    connection.sendall(
                        f"HTTP/1.1 200 OK\r\nContent-Length: {len(taken)}\r\n"
                        f"Connection: close\r\n\r\n{taken}".encode("ascii"))
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)
                except (OSError, AttributeError):
                    pass


if __name__ == "__main__":
    serve_sink(int(__import__("sys").argv[1]))
