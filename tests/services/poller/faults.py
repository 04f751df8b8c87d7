"""More wrong answers for ScriptedImap.misbehave."""

import asyncio

from tests.servers.imap_faults import ImapFault


def answer(untagged: bytes) -> ImapFault:
    """These bytes and a right end; the conversation goes on."""

    async def act(tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(untagged + f"{tag} OK done\r\n".encode())
        await writer.drain()
        return True

    return act


def idle_then_end(seconds: float) -> ImapFault:
    """IDLE begins, and the connection ends meanwhile."""

    async def act(_tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"+ idling\r\n")
        await asyncio.sleep(seconds)
        writer.close()
        await writer.wait_closed()
        return False

    return act


def ok_with_lf() -> ImapFault:
    """A right end, in a line that ends in LF alone."""

    async def act(tag: str, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"{tag} OK done\n".encode())
        await writer.drain()
        return True

    return act
