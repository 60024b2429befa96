"""A door to Postgres that breaks where a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

HEADER = 5
"""A frontend message is a type, and a length that counts itself but not the type."""


class Cut(Enum):
    """What happens to a message of the client."""

    NOT = "passed on"
    BEFORE = "the connection breaks, the server never saw it"
    AFTER = "the server sees it, the connection breaks before its answer"
    STALL = "nothing moves any more, the connection stays"


Judge = Callable[[bytes, bytes], Cut]
"""Gets type and body of each message of the client after its login."""


class PostgresProxy:
    """Passes everything on until its judge cuts."""

    def __init__(self, dsn: str, judge: Judge) -> None:
        self.judge = judge
        self.cuts = 0
        self._target = urlsplit(dsn)
        self._stalled = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def dsn(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        login = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{login}@127.0.0.1:{port}"))

    @asynccontextmanager
    async def open(self) -> AsyncIterator["PostgresProxy"]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._stalled.set()
            self._server.close()

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        server, upstream = await asyncio.open_connection(self._target.hostname, self._target.port)
        answers = asyncio.create_task(_pump(server, answer))
        try:
            await self._pass_on(client, upstream, answers)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            answers.cancel()
            answer.transport.abort()
            upstream.close()

    async def _pass_on(
        self,
        client: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        answers: "asyncio.Task[None]",
    ) -> None:
        hello = await client.readexactly(4)
        upstream.write(hello + await client.readexactly(int.from_bytes(hello) - 4))
        while True:
            header = await client.readexactly(HEADER)
            body = await client.readexactly(int.from_bytes(header[1:]) - 4)
            cut = self.judge(header[:1], body)
            if cut is Cut.STALL:
                answers.cancel()
                await self._stalled.wait()
            if cut is not Cut.NOT:
                self.cuts += 1
            if cut is Cut.AFTER:
                answers.cancel()
            if cut is not Cut.BEFORE:
                upstream.write(header + body)
                await upstream.drain()
            if cut is not Cut.NOT:
                return


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    writer.close()
