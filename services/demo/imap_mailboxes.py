"""pymap's maildir back end for the demo: exact bytes, and IDLE wakes when a mail arrives.

pymap as it comes looks for new files once a second and writes mails anew when it reads them. Here all mail
arrives through this process, so an arrival wakes whoever waits, and what was stored is what is fetched.
"""

import asyncio
import os
import ssl
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.maildir import Config, FilterSet, Identity, Login, Session
from pymap.backend.maildir.layout import MaildirLayout
from pymap.backend.maildir.mailbox import MailboxData, MailboxSet, Maildir
from pymap.backend.maildir.uidlist import UidList
from pymap.concurrent import Event, Subsystem
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPServer
from pymap.interfaces.login import IdentityInterface
from pymap.parsing.specials import ObjectId
from pymap.selected import SelectedMailbox
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

from intergestan_runtime.durable import sync_folder

HOST = "127.0.0.1"
LOOK_ANYWAY = 5.0  # seconds; for what another session changed


class Account:
    """A mail address of the demo and its Maildir."""

    def __init__(self, address: str, password: str, folder: Path) -> None:
        self.address = address
        self.password = password
        self.maildir = _ExactMaildir(str(folder), create=True)
        self._folder = folder
        self._inbox: _Inbox | None = None
        self._numbers = count(1)

    async def deliver(self, raw: bytes) -> None:
        """Returns once `raw` will survive a crash, and lets go whoever waits for it in IDLE."""
        await asyncio.to_thread(self._store, raw)
        if self._inbox is not None:
            self._inbox.wake()

    async def mailboxes(self) -> MailboxSet:
        """What a session of this account sees; the INBOX is the same object for all of them."""
        layout = MaildirLayout.get(str(self._folder), "++", Maildir)
        if self._inbox is None:
            async with UidList.with_init(layout.path) as uids:
                identity = ObjectId(uids.global_uid)
            self._inbox = self._inbox or _Inbox(identity, self.maildir, layout.path)
        return _Mailboxes(self.maildir, layout, self._inbox)

    def _store(self, raw: bytes) -> None:
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._numbers)}.demo"
        temporary, final = self._folder / "tmp" / name, self._folder / "new" / name
        with temporary.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
        sync_folder(final.parent)


async def start_imap(
    accounts: Mapping[str, Account], base: Path, port: int, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """An IMAP server (RFC 3501, IDLE) on loopback for `accounts` by address.

    :param tls: for TLS from the first byte on; None: without.
    """
    arguments = Namespace(
        host=HOST,
        port=port,
        debug=False,
        cert=None,
        key=None,
        tls=False,
        base_dir=str(base),
        layout="++",
        colon=None,
        concurrency=1,
        passlib_cfg=None,
        proxy_protocol=None,
    )
    config = _Config.from_args(arguments, hash_context=Cleartext(), invalid_user_sleep=0.0)
    config.apply_context()
    server = IMAPServer(_Login(config, accounts), config)
    talk = ProxyProtocolReader(config.proxy_protocol).get_callback(server)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, _WholeResponses(writer, reader))

    return await asyncio.start_server(connected, HOST, port, ssl=tls)


class _WholeResponses(asyncio.StreamWriter):
    """Sends a response in one piece: pymap writes crumbs, and IMAPClient's IDLE fails on half a line."""

    def __init__(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        transport = writer.transport
        super().__init__(transport, transport.get_protocol(), reader, asyncio.get_running_loop())
        self._crumbs = bytearray()
        self._first = writer  # from Python 3.13 on, a writer that nobody keeps closes the connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._crumbs += data

    async def drain(self) -> None:
        super().write(bytes(self._crumbs))
        self._crumbs.clear()
        await super().drain()


class _Config(Config):
    @classmethod
    def parse_args(cls, args: Namespace) -> Mapping[str, Any]:
        """One event loop instead of a thread for each waiting session: an arrival can wake it."""
        return {**super().parse_args(args), "subsystem": Subsystem.for_asyncio()}

    @property
    def greeting(self) -> bytes:
        """Without the host name, which may take a name server's time to find."""
        return b"demo ready"


class _Login(Login):
    def __init__(self, config: Config, accounts: Mapping[str, Account]) -> None:
        super().__init__(config)
        self._accounts = accounts

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        account = self._accounts.get(credentials.authcid.lower())
        password = account.password if account else None
        user = UserMetadata(self.config, credentials.authcid, password=password)
        if account is None or not credentials.verify(user):
            raise InvalidAuth
        return _Identity(self, credentials.authcid, account)

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> Identity:
        await super().authorize(authenticated, authzid)  # nobody acts for somebody else
        assert isinstance(authenticated, _Identity)
        return authenticated


class _Identity(Identity):
    def __init__(self, login: _Login, name: str, account: Account) -> None:
        super().__init__(login.config, login.tokens, name, None, frozenset())
        self._account = account

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        mailboxes = await self._account.mailboxes()
        yield Session(self.name, self.config, mailboxes, FilterSet(self.config.base_dir))


class _ExactMaildir(Maildir):
    def get_message(self, key: str) -> Any:
        """The bytes as stored; the inherited one parses the mail and writes it anew."""
        return self.get_bytes(key)

    def iterkeys(self) -> Iterator[str]:
        """In the order of arrival, which is that of the names; UIDs are given in this order."""
        return iter(sorted(super().iterkeys()))


class _Mailboxes(MailboxSet):
    def __init__(self, maildir: Maildir, layout: MaildirLayout[Any], inbox: "_Inbox") -> None:
        super().__init__(maildir, layout)
        self._inbox = inbox

    async def get_mailbox(self, name: str) -> MailboxData:
        return await (self._inbox.reset() if name == "INBOX" else super().get_mailbox(name))


class _Inbox(MailboxData):
    """Counts arrivals: which of them have a UID, and which ones each session has been told of."""

    def __init__(self, mailbox_id: ObjectId, maildir: Maildir, path: str) -> None:
        super().__init__(mailbox_id, maildir, path)
        self._arrival = Event.for_asyncio()
        self._arrived = 1  # what was there before us counts as an arrival
        self._listed = 0

    def wake(self) -> None:
        """A mail has arrived that has no UID yet."""
        self._arrived += 1
        self._arrival.set()
        self._arrival.clear()

    async def reset(self) -> MailboxData:
        self._listed = self._arrived
        return await super().reset()

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        if wait_on is not None and selected.mod_sequence == self._arrived:
            await wait_on.or_event(self._arrival).wait(timeout=LOOK_ANYWAY)
        if self._listed < self._arrived:
            await self.reset()
        selected.mod_sequence = self._arrived
        return await super().update_selected(selected)
