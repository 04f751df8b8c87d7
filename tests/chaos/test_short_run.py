"""The run in small: three faults in one world, and what was done to it on purpose is found."""

from __future__ import annotations

import copy
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.books import Books
from tests.chaos.campaign import Steps
from tests.chaos.faults import catalogue
from tests.chaos.oracle import Evidence, Judge, Verdict
from tests.chaos.schedule import Blow, Step
from tests.chaos.stranger import TRICKS, WANTED
from tests.chaos.tally import Tally
from tests.chaos.world import World
from tests.patience import eventually

SHORT: tuple[Step, ...] = (
    (Blow(catalogue()["mail late and shuffled"], "seller", 0.0, 4.0, 1),),
    (
        Blow(catalogue()["redis emptied"], "seller", 0.0, 0.0, 2),
        Blow(catalogue()["kill -9 poller"], "buyer", 0.3, 0.0, 3),
    ),
)


def test_three_faults(world: World) -> None:
    """F1, F3, F12, H1, H2: nothing is lost, doubled or altered, and of the stranger's orders none is booked."""
    tally = Tally("sqlite", "", seeds=[world.seed])
    world.stranger.start()  # it rests while the other tests look
    try:
        for step in SHORT:
            tally.outcomes.append(Steps(world, random.Random(step[0].seed)).take(step))
    finally:
        world.people.stop()
        world.stranger.stop()
    said = [*(sentence for each in tally.outcomes for sentence in each.verdict.sentences()), world.picture()]
    assert tally.is_clean, "\n".join(said)
    assert all(each.recovery is not None for each in tally.outcomes), "\n".join(said)
    assert "up: a process ended" in tally.outcomes[1].seen
    assert world.stranger.tried.keys() == TRICKS.keys()
    assert tally.facts()["orders"] >= 4


@pytest.fixture
def copied(world: World, tmp_path: Path) -> tuple[Evidence, Evidence]:
    """What both sites have, for a test to spoil."""
    eventually(lambda: not world.wait_at_rest(10) and world.judge.judge().is_clean, what=world.picture, every=1)
    buyer, seller = (copy_of(site.evidence(), tmp_path / site.name) for site in world.sites)
    return buyer, seller


def copy_of(evidence: Evidence, folder: Path) -> Evidence:
    folder.mkdir()
    file = evidence.books.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as here, closing(sqlite3.connect(folder / "site.db")) as there:
        here.backup(there)
    shutil.copytree(evidence.archive, folder / "archive")
    shutil.copytree(evidence.maildir, folder / "maildir", ignore=shutil.ignore_patterns("dovecot*"))
    books = Books(f"sqlite:///{folder / 'site.db'}")
    return replace(evidence, books=books, archive=folder / "archive", maildir=folder / "maildir")


def judged(world: World, copied: tuple[Evidence, Evidence]) -> Verdict:
    buyer, seller = copied
    return Judge(lambda: buyer, lambda: seller, copy.deepcopy(world.people.known), world.signers).judge()


def spoil(evidence: Evidence, *statements: str) -> None:
    with closing(sqlite3.connect(evidence.books.url.removeprefix("sqlite:///"))) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def test_a_sound_world_is_found_sound(world: World, copied: tuple[Evidence, Evidence]) -> None:
    assert list(judged(world, copied).sentences()) == []


AS_COPY = "CREATE TABLE other AS SELECT * FROM sales_order"
ANY_SALE = "(SELECT max(id) FROM sales_order WHERE state = 'accepted')"
ANY_ORDER = "(SELECT max(id) FROM purchase_order WHERE state = 'accepted')"
OF_ANY_SALE = f"WHERE sales_order_id = {ANY_SALE} AND position = 1"
INSTEAD = ("DROP TABLE sales_order", "ALTER TABLE other RENAME TO sales_order")
SPOILED: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "deleted at the seller's": ("lost", 1, (f"DELETE FROM sales_order WHERE id = {ANY_SALE}",)),
    "deleted at the buyer's": ("lost", 0, (f"DELETE FROM purchase_order WHERE id = {ANY_ORDER}",)),
    "without an answer": ("lost", 0, (f"UPDATE purchase_order SET state = 'waiting' WHERE id = {ANY_ORDER}",)),
    "booked twice": (
        "doubled",
        1,
        (
            AS_COPY,
            f"INSERT INTO other SELECT * FROM other WHERE id = {ANY_SALE}",
            "UPDATE other SET id = 9999, number = 'CCL9999' WHERE rowid = (SELECT max(rowid) FROM other)",
            *INSTEAD,
        ),
    ),
    "one number for two": ("doubled", 1, (AS_COPY, "UPDATE other SET number = 'CCL1'", *INSTEAD)),
    "another quantity": ("altered", 1, (f"UPDATE sales_order_line SET quantity = quantity + 1 {OF_ANY_SALE}",)),
    "another price at the buyer's": ("altered", 0, ("UPDATE purchase_order_line SET price = price + 1",)),
    "a line too few": ("altered", 1, (f"DELETE FROM sales_order_line {OF_ANY_SALE}",)),
    "another sum": ("altered", 1, (f"UPDATE sales_order SET total_ttc = total_ttc + 1 WHERE id = {ANY_SALE}",)),
    "another number believed": (
        "altered",
        0,
        (f"UPDATE purchase_order SET supplier_order_number = 'CCL0' WHERE id = {ANY_ORDER}",),
    ),
    "another state": ("altered", 1, (f"UPDATE sales_order SET state = 'cancelled' WHERE id = {ANY_SALE}",)),
    "a stranger's quantity": (
        "injected",
        1,
        (f"UPDATE sales_order_line SET quantity = {WANTED}000000 {OF_ANY_SALE}",),
    ),
    "a stranger's order": (
        "injected",
        1,
        (f"UPDATE sales_order SET customer_order_number = 'FORGED-1' WHERE id = {ANY_SALE}",),
    ),
    "a stranger's purchase order": (
        "injected",
        0,
        (f"UPDATE purchase_order SET number = 'FORGED-1' WHERE id = {ANY_ORDER}",),
    ),
    "booked from a mail that is about something else": (
        "injected",
        1,
        ("UPDATE ledger SET number = number || '-0' WHERE type = 'order'",),
    ),
    "without any ledger": ("injected", 1, ("DELETE FROM ledger WHERE type = 'order'",)),
    "held for a person": ("waiting", 1, ("UPDATE inbound_mail SET state = 'held', reason = 'poison' WHERE id = 1",)),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_with_a_database_is_found(world: World, copied: tuple[Evidence, Evidence], name: str) -> None:
    word, where, statements = SPOILED[name]
    spoil(copied[where], *statements)
    assert getattr(judged(world, copied), word)


def test_what_is_wrong_with_files_is_found(world: World, copied: tuple[Evidence, Evidence]) -> None:
    """The archive of a world may have one mail only, because orders travel together: first altered, then gone."""
    _buyer, seller = copied
    file = min(seller.archive.glob("??/*.eml"))
    raw = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(raw[:50] + bytes([raw[50] ^ 1]) + raw[51:])
    (seller.maildir / "cur" / "1.M1.test:2,").write_bytes(b"From: a@b.test\r\n\r\nNobody has taken this.\r\n")
    found = judged(world, copied)
    assert f"seller, archive {file.stem[:12]}" in found.altered
    assert "seller, mailbox 1.M1.test:2," in found.lost
    forgiven = replace(seller, spoiled=frozenset({file.stem}))
    assert not judged(world, (copied[0], forgiven)).altered
    file.unlink()
    assert f"seller, archive {file.stem[:12]}" in judged(world, copied).lost
