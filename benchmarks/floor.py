"""The floor under one way: what must happen to the bytes whatever the program, and nothing else.

The same frozen mails are submitted by raw SMTP, fetched by imaplib in ranges of 100, written and fsynced to a folder;
each document is built once and read once with plain lxml; the orders go into PostgreSQL by COPY, ten in a transaction.
No pipeline, no state, no checks (performance.md §9).
"""

from __future__ import annotations

import imaplib
import os
import socket
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from lxml import etree

from benchmarks.machine import Servers, cpu_seconds
from benchmarks.ubl_codec import Node, build_with_lxml, node, read_with_lxml
from tests.servers import MailUser

RANGE, BATCH, ORDERS_PER_TRANSACTION = 100, 50, 10


@dataclass(frozen=True)
class Work:
    """What one way does its work on: the mails as they were sent, their documents, the rows that came of them."""

    mails: Sequence[bytes]
    documents: Sequence[bytes]
    heads: Sequence[Sequence[Any]]
    lines: Sequence[Sequence[Any]]
    head_columns: Sequence[str]
    line_columns: Sequence[str]


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds, the servers' included."""

    seconds: float
    cpu: float


def make_tables(url: str) -> None:
    """Tables like ours, with their keys and indexes."""
    with _connect(url) as connection:
        for ours, floor in (("sales_order", "floor_order"), ("sales_order_line", "floor_line")):
            connection.execute(f"CREATE TABLE IF NOT EXISTS {floor} (LIKE {ours} INCLUDING ALL)")


def measure(servers: Servers, url: str, work: Work) -> Cost:
    """Do it once, to a new mailbox."""
    user = servers.dovecot.new_user()
    nodes = [node(etree.fromstring(xml)) for xml in work.documents]
    with _connect(url) as connection, tempfile.TemporaryDirectory(dir=servers.folder) as folder:
        connection.execute("TRUNCATE floor_order, floor_line")
        before = cpu_seconds([*servers.pids(), os.getpid()])
        started = time.perf_counter()
        _submit(servers, user, work.mails)
        _archive(_fetch(servers, user, len(work.mails)), folder)
        _build_and_read(nodes, work.documents)
        _copy(connection, work)
        seconds = time.perf_counter() - started
        return Cost(seconds, cpu_seconds([*servers.pids(), os.getpid()]) - before)


def _submit(servers: Servers, user: MailUser, mails: Sequence[bytes]) -> None:
    """One connection, the envelope in one write (RFC 2920)."""
    with socket.create_connection((servers.postfix.host, servers.postfix.smtp)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        replies = connection.makefile("rb")
        _reply(replies)
        connection.sendall(b"EHLO floor.test\r\n")
        _reply(replies)
        envelope = f"MAIL FROM:<{user.address}>\r\nRCPT TO:<{user.address}>\r\nDATA\r\n".encode()
        for mail in mails:
            connection.sendall(envelope)
            for _ in range(3):
                _reply(replies)
            connection.sendall(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            _reply(replies)


def _reply(replies: Any) -> None:
    line = replies.readline()
    while line[3:4] == b"-":
        line = replies.readline()
    assert line[:1] in b"23", line


def _fetch(servers: Servers, user: MailUser, count: int) -> list[bytes]:
    """As soon as all of it has arrived, in ranges."""
    with imaplib.IMAP4(servers.dovecot.host, servers.dovecot.imap) as connection:
        connection.login(user.address, user.password)
        connection.select("INBOX", readonly=True)
        while _exists(connection) < count:
            time.sleep(0.02)
            connection.noop()
        bodies: list[bytes] = []
        for low in range(1, count + 1, RANGE):
            _, data = connection.uid("FETCH", f"{low}:{low + RANGE - 1}", "(BODY.PEEK[])")
            bodies += [item[1] for item in data if isinstance(item, tuple)]
    assert len(bodies) == count
    return bodies


def _exists(connection: imaplib.IMAP4) -> int:
    """What the server last told."""
    told = connection.response("EXISTS")[1] or [None]
    return int(bytes(told[-1] or b"0"))


def _archive(mails: Sequence[bytes], folder: str) -> None:
    for start in range(0, len(mails), BATCH):
        files = []
        for number, mail in enumerate(mails[start : start + BATCH], start):
            files.append(os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT, 0o600))
            os.write(files[-1], mail)
        for file in files:
            os.fsync(file)
            os.close(file)


def _build_and_read(nodes: Sequence[Node], documents: Sequence[bytes]) -> None:
    for tree, xml in zip(nodes, documents, strict=True):
        build_with_lxml(tree)
        read_with_lxml(xml)


def _copy(connection: psycopg.Connection, work: Work) -> None:
    lines_each = len(work.lines) // len(work.heads)
    for start in range(0, len(work.heads), ORDERS_PER_TRANSACTION):
        end = start + ORDERS_PER_TRANSACTION
        with connection.transaction(), connection.cursor() as cursor:
            _copy_rows(cursor, "floor_order", work.head_columns, work.heads[start:end])
            _copy_rows(cursor, "floor_line", work.line_columns, work.lines[start * lines_each : end * lines_each])


def _copy_rows(cursor: psycopg.Cursor, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
