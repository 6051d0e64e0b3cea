"""A small HTTP/1.1 client over plain sockets, for what h2load does not do."""

import re
import socket
import time


def exchange(connection, path, headers=""):
    """One GET; the answer's status and body, the connection stays open."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench.test\r\n{headers}\r\n"
    connection.sendall(request.encode("ascii"))
    head, rest = read_head(connection)
    length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1))
    while len(rest) < length:
        more = connection.recv(1 << 20)
        if not more:
            raise ConnectionError("the answer was cut")
        rest += more
    return int(head[9:12]), rest


def read_head(connection):
    """An answer's head, and what came with it."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("closed before an answer")
        received += more
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def get(port, path, timeout=5.0, wrap=None):
    """One GET on a connection of its own, through `wrap`; chunked bodies are not taken apart."""
    with socket.create_connection(("127.0.0.1", port), timeout) as plain, (
            wrap(plain) if wrap else plain) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        received = bytearray()
        while more := connection.recv(1 << 20):
            received += more
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return int(head[9:12]), body


def wait_for_answer(port, path, process, seconds=30.0, pause=0.0005, wrap=None):
    """Asks until 200 comes back; the moment when it did, on the monotonic clock."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        process.require_running()
        try:
            if get(port, path, wrap=wrap)[0] == 200:
                return time.monotonic()
        except (OSError, ValueError):
            pass
        time.sleep(pause)
    raise RuntimeError(f"{process.name} does not answer {path} on port {port}")


def metrics(port):
    """Weir's metrics: the sum of each name's series, and each series by itself."""
    # With 10,000 routes this is long, and under callgrind slow.
    text = get(port, "/metrics", timeout=300)[1].decode("utf-8")
    values = {}
    for line in text.splitlines():
        found = re.match(r"([a-z_]+)(\{.*\})? ([-+.\deE]+)", line)
        if found:
            name, labels, value = found.groups()
            values[name] = values.get(name, 0.0) + float(value)
            if labels:
                values[name + labels] = float(value)
    return values
