"""A server of the tests' own, in an asyncio loop in a thread."""

import asyncio
import contextlib
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.patience import PATIENCE

T = TypeVar("T")


class LoopServer(ABC):
    """Start and stop an asyncio server. A context manager."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)

    @abstractmethod
    async def _open(self) -> None:
        """Listen."""

    @abstractmethod
    async def _close(self) -> None:
        """Stop listening and abort what is open."""

    def start(self) -> Self:
        """Listen on free ports."""
        self._thread.start()
        self._run(self._open())
        return self

    def stop(self) -> None:
        """Close the ports, abort every connection, end the thread."""
        self._run(self._close())
        self._run(_cancel_the_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def reset(transport: asyncio.BaseTransport) -> None:
    """Cut a connection as a crash does: the other side gets RST, and nothing that was still on its way."""
    connection = None if transport.is_closing() else transport.get_extra_info("socket")
    if connection is not None and connection.fileno() != -1:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def _cancel_the_others() -> None:
    await asyncio.sleep(0)  # aborted transports tell their protocols first
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class StreamServer(LoopServer):
    """One listener; each connection is one task, aborted when its task ends."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until either side has enough."""

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, **self._options())
        self.port = self._server.sockets[0].getsockname()[1]

    def _options(self) -> dict[str, Any]:
        return {}

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort()

    def _abort(self) -> None:
        for writer in list(self._writers):
            reset(writer.transport)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        # Clients leave as they like; `stop` cancels, which asyncio's streams would log as an error.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await self._serve(reader, writer)
                writer.close()
                await writer.wait_closed()
            finally:
                self._writers.discard(writer)
                reset(writer.transport)
