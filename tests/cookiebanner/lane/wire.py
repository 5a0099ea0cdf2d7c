"""The lane behind its own protocol on a real socket, and clients that write bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from cookiebanner.lane.protocol import SWEEPING, Protocol
from tests.cookiebanner.lane.asgi import Got, Running


class Wire:
    """`async with Wire(lane) as wire`: serves on a port of its own; `wire.protocols` are the open connections."""

    def __init__(self, lane: Any) -> None:
        self.running = Running(lane)
        config = uvicorn.Config(
            lane, http=Protocol, interface="asgi3", ws="none", proxy_headers=False, log_level="error", lifespan="off"
        )
        config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"Sun, 22 Nov 2026 08:00:00 GMT")]
        self.written = self.read = 0  # bytes, of all connections: what clients wrote, what the server has read
        self.make = lambda: Counting(self, config, self.state, {}, asyncio.get_running_loop())

    async def __aenter__(self) -> Wire:
        await self.running.__aenter__()
        self.server = await asyncio.get_running_loop().create_server(self.make, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: Any) -> None:
        self.server.close()
        for protocol in list(self.state.connections):
            protocol.transport.abort()
        SWEEPING.pop(self.state).cancel()
        await self.running.__aexit__(*exc)

    @property
    def protocols(self) -> list[Protocol]:
        return [protocol for protocol in self.state.connections if isinstance(protocol, Protocol)]

    async def open(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**20))

        def write(data: bytes) -> None:
            self.written += len(data)
            client.writer.write(data)

        client.write = write
        return client

    async def arrived(self) -> None:
        """Until the server has read all that was written, so that what is written next comes by itself."""
        await until(lambda: self.read == self.written)

    async def ask(self, method: str, path: str, headers: Any = (), body: bytes = b"") -> Got:
        """One request on a connection of its own."""
        client = await self.open()
        client.write(request(method, path, headers, body))
        got = await client.read(method)
        client.close()
        return got


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Lets the loop run until the condition is true; fails when it does not become so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


class Counting(Protocol):
    """The server's own protocol, and how much it has read."""

    def __init__(self, wire: Wire, *arguments: Any) -> None:
        self.wire = wire
        super().__init__(*arguments)

    def data_received(self, data: bytes) -> None:
        self.wire.read += len(data)
        super().data_received(data)


def request(method: str, path: str, headers: Any = (), body: bytes = b"", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: testserver", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.write: Callable[[bytes], None] = writer.write
        self.close = writer.close

    async def read(self, method: str = "GET") -> Got:
        """The next answer. Raises IncompleteReadError when the connection is closed before it."""
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head[:-4].split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            status = int(first.split()[1])
            if method == "HEAD" or status in (100, 204, 304):
                body = b""
            elif headers.get("transfer-encoding") == "chunked":
                body = await self._chunks()
            else:
                body = await self.reader.readexactly(int(headers["content-length"]))
            return Got(status, headers, body)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    async def closed(self) -> bool:
        """Whether the server ends the connection, and says nothing more."""
        try:
            async with asyncio.timeout(5):
                return await self.reader.read() == b""
        except (TimeoutError, ConnectionResetError):
            return False
