"""`orders change/cancel/differences/accept/refuse` and `sales change`, between two sites, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from intergestan_db.tables import OutboundMail, PurchaseOrder, PurchaseOrderChange, SalesOrder
from services.sender.record import mark_waiting
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, compose, receive, rows

AS = ("--as", "marie")


def deliver_all(sender: Path, receiver: Path) -> None:
    """Compose what is requested at one site, and let the other take it in."""
    for mail in rows(sender, OutboundMail):
        if mail.state == "requested":
            raw = compose(sender, mail.id)
            with base(sender) as database, database.transaction() as connection:
                sent = {"state": "sent", "sent_at": database.now(), "next_attempt_at": None}
                connection.execute(update(OutboundMail).where(OutboundMail.id == mail.id).values(**sent))
                mark_waiting(connection, mail.id, database.now())
            receive(receiver, raw)


@pytest.fixture
def pair(paired_shop: Path, stauber: Path, run: Run) -> tuple[Path, Path]:
    """The shop, whose order CFR1 STAUBER has accepted as CCL1."""
    card = run("site", "card", "--json", cwd=paired_shop).json
    (stauber / "shop.card").write_text(run("site", "card", cwd=paired_shop).out)
    added = run("partner", "add", stauber / "shop.card", "--fingerprint", card["kid"], cwd=stauber)
    assert added.code == 0, added.err
    assert run("catalog", "import", data("catalogue_base.csv"), cwd=stauber).code == 0
    assert run("partner", "set", "Arts de la Table", "--price-policy", "take_theirs", cwd=stauber).code == 0
    assert run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop).code == 0
    sent = run("send", "--supplier", "STAUBER", "--to", "appros@stauber.test", "--remove", "CFR2", cwd=paired_shop)
    assert sent.code == 0, sent.err
    both_ways(paired_shop, stauber)
    assert state(paired_shop) == "accepted"
    return paired_shop, stauber


def both_ways(shop: Path, stauber: Path) -> None:
    deliver_all(shop, stauber)
    deliver_all(stauber, shop)


def state(shop: Path) -> str:
    with base(shop) as database, database.read() as connection:
        query = select(PurchaseOrder.state).where(PurchaseOrder.number == "CFR1")
        return connection.execute(query).scalar_one()


def test_an_order_is_changed_and_cancelled(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    lines = run("orders", "show", "CFR1", "--json", cwd=shop).json["lines"]
    line = lines[0]["line_id"]
    asked = run(*AS, "orders", "change", "CFR1", "--line", f"{line}=7", "--note", "Noël", "--json", cwd=shop)
    assert asked.code == 0, asked.err
    assert (asked.json["order"], asked.json["change"]) == ("CFR1", 1)
    shown = run("--lang", "fr", "orders", "show", "CFR1", cwd=shop)
    assert "modification" in shown.out
    both_ways(shop, stauber)
    order = run("orders", "show", "CFR1", "--json", cwd=shop).json
    assert (order["lines"][0]["quantity"], order["note"]) == ("7.000000", "Noël")
    assert [(each["state"], each["answer_code"]) for each in order["changes"]] == [("accepted", "AP")]

    said = run("--lang", "fr", *AS, "orders", "cancel", "CFR1", "--reason", "Client parti", cwd=shop)
    assert (said.code, "modification 2" in said.err) == (0, True)
    both_ways(shop, stauber)
    assert (state(shop), rows(stauber, SalesOrder)[0].state) == ("cancelled", "cancelled")


def test_the_sellers_change_is_shown_accepted_and_refused(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    one, two = (line["line_id"] for line in run("orders", "show", "CFR1", "--json", cwd=shop).json["lines"][:2])
    assert "Rien n'est ouvert" in run("--lang", "fr", "orders", "differences", cwd=shop).err
    too_many = run(*("sales", "change", "CCL1", "--line", f"{one}=1", "--backorder", f"{one}=500"), cwd=stauber)
    assert (too_many.code, "are missing" in too_many.err) == (1, True)
    changed = run(
        *("sales", "change", "CCL1", "--line", f"{one}=1", "--backorder", f"{one}=1", "--date", f"{one}=24/12/2026"),
        *("--shortage", two, "--note", "Rupture", "--json"),
        cwd=stauber,
    )
    assert changed.code == 0, changed.err
    assert changed.json["order"] == "CCL1"
    both_ways(shop, stauber)
    assert state(shop) == "changed"
    first, second = run("orders", "differences", "--json", cwd=shop).json
    assert (first["line"], first["theirs"]["quantity"], first["theirs"]["promised"]) == (one, "1", "2026-12-24")
    assert (second["line"], second["theirs"]["code"]) == (two, "7")
    french = run("--lang", "fr", "orders", "differences", "CFR1", cwd=shop).out
    assert "promise pour le 24/12/2026" in french
    assert "ne sera pas livrée" in french

    assert run(*AS, "orders", "accept", "CFR1", "--line", two, cwd=shop).code == 0
    both_ways(shop, stauber)
    assert [each["line"] for each in run("orders", "differences", "--json", cwd=shop).json] == [one]
    assert run(*AS, "orders", "refuse", "CFR1", cwd=shop).code == 0
    again = run(*AS, "orders", "accept", "CFR1", cwd=shop)
    assert (again.code, "is on its way" in again.err) == (1, True)
    deliver_all(shop, stauber)
    (hold,) = run("holds", "list", "--json", cwd=stauber).json
    assert hold["reason"] == "own_change"
    assert run("holds", "refuse", hold["ref"], cwd=stauber).code == 0
    deliver_all(stauber, shop)
    # the document that agrees to one line still states another one otherwise: the answer is CA, not AP
    assert [row.state for row in rows(shop, PurchaseOrderChange)] == ["changed", "rejected"]


def test_what_is_refused(pair: tuple[Path, Path], run: Run) -> None:
    shop, stauber = pair
    for folder, arguments, code, words in (
        (shop, ("orders", "change", "CFR1"), 2, "either a file"),
        (shop, ("orders", "change", "CFR1", "--line", "X=1"), 1, "has no line X"),
        (shop, ("orders", "change", "CFR1", "--line", "X"), 2, "L1=2"),
        (shop, ("orders", "change", "CFR2", "--note", "x"), 1, "was not sent"),
        (shop, ("orders", "change", "NONE", "--note", "x"), 1, "no purchase order"),
        (shop, ("orders", "accept", "CFR1"), 1, "changed nothing"),
        (stauber, ("sales", "change", "CCL1"), 1, "name lines"),
        (stauber, ("sales", "change", "CCL1", "--date", "1=x"), 2, "not a date"),
    ):
        who = AS if folder == shop else ("--as", "jean")
        ended = run(*who, *arguments, cwd=folder)
        assert (ended.code, words in ended.err) == (code, True), (arguments, ended.err)
    assert rows(shop, PurchaseOrderChange) == []
