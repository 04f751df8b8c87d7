"""Wrong answers for ScriptedImap.misbehave. Each returns whether the conversation goes on."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.servers.loop import reset

ImapFault = Callable[[str, asyncio.StreamWriter], Awaitable[bool]]


def reply(text: str) -> ImapFault:
    """A tagged answer, e.g. "NO [INUSE] later", "NO [LIMIT] too often", "BAD what"."""

    async def act(tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"{tag} {text}\r\n".encode())
        await writer.drain()
        return True

    return act


def say(data: bytes) -> ImapFault:
    """Exactly these bytes, then the end of the connection: a literal cut in the middle, a BYE, noise."""

    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(data)
        await _hang_up(writer)
        return False

    return act


def bye_in_literal(uid: int, raw: bytes, kept: int) -> ImapFault:
    """A FETCH answer that ends after `kept` bytes of the mail."""
    return say(b"* 1 FETCH (UID %d BODY[] {%d}\r\n%b* BYE shutting down\r\n" % (uid, len(raw), raw[:kept]))


def silence() -> ImapFault:
    """No answer, ever; the connection stays open."""

    async def act(_tag: str, _writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()
        return False

    return act


def idle_silence() -> ImapFault:
    """IDLE begins and nothing is ever heard again, not even the answer to DONE."""

    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"+ idling\r\n")
        await asyncio.Event().wait()
        return False

    return act


def drop() -> ImapFault:
    """The connection is cut (RST)."""

    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        reset(writer.transport)
        return False

    return act


def huge_literal(uid: int, size: int = 8_000_000_000) -> ImapFault:
    """A mail of `size` bytes is announced, and zeros come until the client leaves."""
    return _endless(b"* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, size), b"0" * 65536)


def endless_untagged(line: bytes = b"* OK still working\r\n") -> ImapFault:
    """Untagged lines without end, as fast as the client reads."""
    return _endless(b"", line * 100)


def long_line(size: int = 10_000_000) -> ImapFault:
    """One untagged line of `size` bytes, then the right end of the command."""

    async def act(tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"* OK " + b"x" * size + f"\r\n{tag} OK done\r\n".encode())
        await writer.drain()
        return True

    return act


def drip(data: bytes, bytes_per_second: float = 1.0) -> ImapFault:
    """These bytes, one by one, then the end of the connection."""

    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1 / bytes_per_second)
        await _hang_up(writer)
        return False

    return act


def _endless(start: bytes, more: bytes) -> ImapFault:
    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(start)
        while not writer.is_closing():
            writer.write(more)
            await writer.drain()
        return False

    return act


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """End the connection with everything sent (an abort would throw away what is still buffered)."""
    writer.close()
    await writer.wait_closed()
