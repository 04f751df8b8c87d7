"""A TCP proxy that behaves like a bad network, on command."""

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Literal

from tests.servers.loop import StreamServer, reset
from tests.servers.process import free_port

Direction = Literal["request", "reply"]
_CHUNK = 65536
_LONGEST_REQUEST = 1024


@dataclass(frozen=True)
class _Weather:
    """What happens to bytes at present. Nothing, by default."""

    seconds: float = 0.0
    jitter: float = 0.0
    bytes_per_second: float = 0.0
    lost: frozenset[Direction] = frozenset()
    cut_at: int | None = None
    cut_direction: Direction = "reply"
    request: bytes = b""
    request_arrives: bool = False
    still: asyncio.Event | None = None


class FaultProxy(StreamServer):
    """Listens on `port` and relays to `target_host:target_port`.

    Faults add up until `resume`; they act on open connections too. `cut_before`, `cut_after` and
    `cut_after_bytes` strike once, then relaying goes on for new connections.
    """

    def __init__(self, target_host: str, target_port: int, *, seed: int = 0) -> None:
        super().__init__()
        self.port = free_port()  # still free when `resume` listens again
        self._target = (target_host, target_port)
        self._random = random.Random(seed)
        self._weather = _Weather()

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """Each chunk waits `seconds`, give or take `jitter` (seeded)."""
        self._weather = replace(self._weather, seconds=seconds, jitter=jitter)

    def drip(self, bytes_per_second: float) -> None:
        """Replies come byte by byte."""
        self._weather = replace(self._weather, bytes_per_second=bytes_per_second)

    def drop_replies(self) -> None:
        """Requests arrive, replies get lost; the connections stay open."""
        self._weather = replace(self._weather, lost=frozenset({"reply"}))

    def black_hole(self) -> None:
        """Nothing arrives on either side; connections stay open and new ones are accepted."""
        self._weather = replace(self._weather, lost=frozenset({"request", "reply"}))

    def stand_still(self) -> None:
        """Nothing arrives until `resume`, and then all of it: a network that is away for a while, and comes back."""
        self._weather = replace(self._weather, still=asyncio.Event())

    def refuse(self) -> None:
        """Cut what is open and refuse new connections."""
        self._run(self._close())

    def cut(self) -> None:
        """Cut what is open (RST); new connections are welcome."""
        self._run(self._cut())

    def cut_after_bytes(self, count: int, direction: Direction = "reply") -> None:
        """Cut a connection once it has carried `count` bytes in this direction, since its start."""
        self._weather = replace(self._weather, cut_at=count, cut_direction=direction)

    def cut_before(self, request: bytes) -> None:
        """Cut when a client sends these bytes; the server never sees them."""
        self._weather = replace(self._weather, request=request, request_arrives=False)

    def cut_after(self, request: bytes) -> None:
        """Cut when the server answers these bytes: it has done it, and the client cannot know."""
        self._weather = replace(self._weather, request=request, request_arrives=True)

    def resume(self) -> None:
        """Fine weather again. What was lost stays lost; after `refuse`, listen again on the same port."""
        if self._weather.still is not None:
            self._loop.call_soon_threadsafe(self._weather.still.set)
        self._weather = _Weather()
        if self._server is None:
            self._run(self._open())

    async def _cut(self) -> None:
        self._abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers.add(far_writer)
        link = _Link(self)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(link.relay("request", reader, far_writer))
                both.create_task(link.relay("reply", far_reader, writer))
            writer.close()
            far_writer.close()
            await asyncio.gather(writer.wait_closed(), far_writer.wait_closed())
        except* OSError:
            pass  # cut, by a fault or by one end (perhaps before we said that the other has no more to say)
        finally:
            self._writers.discard(far_writer)
            reset(far_writer.transport)


class _Link:
    """One relayed connection: what has passed, and whether its request to cut after was seen."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._passed: dict[Direction, int] = {"request": 0, "reply": 0}
        self._recent = b""
        self._condemned = False

    async def relay(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the end of the stream; a fault that cuts raises ConnectionAbortedError."""
        while data := await reader.read(_CHUNK):
            await self._wait()
            self._cut_at_request(direction, data)
            kept = self._up_to_cut(direction, data)
            if direction not in self._proxy._weather.lost:
                await self._send(direction, kept, writer)
            self._passed[direction] += len(kept)
            self._cut_at_count(direction)
        if direction not in self._proxy._weather.lost:
            writer.write_eof()

    async def _wait(self) -> None:
        weather = self._proxy._weather
        if weather.seconds:
            away = self._proxy._random.uniform(-weather.jitter, weather.jitter)
            await asyncio.sleep(max(0.0, weather.seconds + away))
        if (still := self._proxy._weather.still) is not None:
            await still.wait()

    def _cut_at_request(self, direction: Direction, data: bytes) -> None:
        weather = self._proxy._weather
        if direction == "reply":
            if self._condemned:
                raise ConnectionAbortedError
            return
        seen = self._recent + data  # a request may span two chunks
        start = max(0, len(self._recent) - len(weather.request) + 1)
        self._recent = seen[-_LONGEST_REQUEST:]
        if weather.request and weather.request in seen[start:]:
            self._proxy._weather = replace(weather, request=b"")
            if not weather.request_arrives:
                raise ConnectionAbortedError
            self._condemned = True

    def _up_to_cut(self, direction: Direction, data: bytes) -> bytes:
        weather = self._proxy._weather
        if weather.cut_at is None or weather.cut_direction != direction:
            return data
        return data[: max(0, weather.cut_at - self._passed[direction])]

    def _cut_at_count(self, direction: Direction) -> None:
        weather = self._proxy._weather
        if weather.cut_at is None or weather.cut_direction != direction:
            return
        if self._passed[direction] >= weather.cut_at:
            self._proxy._weather = replace(weather, cut_at=None)
            raise ConnectionAbortedError

    async def _send(self, direction: Direction, data: bytes, writer: asyncio.StreamWriter) -> None:
        rate = self._proxy._weather.bytes_per_second
        pieces = [data] if not rate or direction == "request" else [bytes([byte]) for byte in data]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if rate and direction == "reply":
                await asyncio.sleep(1 / rate)
