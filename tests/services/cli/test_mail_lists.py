"""`outbox`, `inbox` and `log`: mails of ours, mails that came, and what happened, a page at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.tables import Event, OutboundMail
from intergestan_exchange.listing.events import NAMES, list_events
from intergestan_exchange.listing.mails_in import list_mails_in
from intergestan_exchange.listing.mails_out import list_mails_out
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, compose, receive, rows
from tests.statements import noted


@pytest.fixture
def exchanged(paired_shop: Path, stauber: Path, run: Run) -> str:
    """CFR1 and CFR2 went to STAUBER and were answered; the sha256 of the answer in the shop's archive."""
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    sent = run("send", "--supplier", "STAUBER", "--address", "appros@stauber.test", cwd=paired_shop)
    assert (sent.code, "--address" in sent.err) == (0, False), sent.err
    card = run("site", "card", "--json", cwd=paired_shop).json
    (stauber / "shop.card").write_text(card["card"])
    assert run("partner", "add", stauber / "shop.card", "--fingerprint", card["kid"], cwd=stauber).code == 0
    assert run("catalog", "import", data("catalogue_base.csv"), cwd=stauber).code == 0
    receive(stauber, compose(paired_shop, 1))
    return receive(paired_shop, compose(stauber, rows(stauber, OutboundMail)[0].id))


def test_what_was_sent_and_what_came_is_listed_and_shown(exchanged: str, paired_shop: Path, run: Run) -> None:
    (mail,) = run("outbox", "list", "--json", cwd=paired_shop).json["mails"]
    assert (mail["ref"], mail["kind"], mail["state"], mail["orders"]) == (
        "out-1",
        "orders",
        "answered",
        ["CFR1", "CFR2"],
    )
    for named in ("out-1", "CFR2", mail["transfer_id"]):
        shown = run("outbox", "show", named, "--json", cwd=paired_shop)
        assert (shown.json["ref"], shown.json["recipient"]) == ("out-1", "appros@stauber.test")
        assert "id" not in shown.json
    (came,) = run("inbox", "list", "--partner", "STAUBER", "--json", cwd=paired_shop).json["mails"]
    assert (came["ref"], came["state"], came["partner"], came["sha256"]) == ("in-1", "done", "STAUBER", exchanged)
    for named in ("in-1", exchanged[:8], came["transfer_id"]):
        shown = run("inbox", "show", named, "--json", cwd=paired_shop)
        assert shown.json["file"] == str(paired_shop / "archive" / exchanged[:2] / f"{exchanged}.eml")
    assert run("inbox", "list", "--state", "held", "--json", cwd=paired_shop).json == {"mails": [], "after": None}
    missing = run("inbox", "show", "in-9", cwd=paired_shop)
    assert (missing.code, "intergestan inbox list" in missing.err) == (1, True)
    for command in (("outbox", "list"), ("outbox", "show", "out-1"), ("inbox", "list"), ("inbox", "show", "in-1")):
        assert "STAUBER" in run("--lang", "fr", *command, cwd=paired_shop).out, command


@pytest.mark.usefixtures("exchanged")
def test_the_log_says_who_did_what_page_by_page(paired_shop: Path, run: Run) -> None:
    """Nothing is told twice or left out, and rows have the names by which people know them."""
    everything = run("log", "--limit", "1000", "--json", cwd=paired_shop).json["events"]
    found: list[dict[str, str]] = []
    after: tuple[str, ...] = ()
    while True:
        page = run("log", "--limit", "3", *after, "--json", cwd=paired_shop).json
        found += page["events"]
        if page["after"] is None:
            break
        after = ("--after", page["after"])
    assert found == everything
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    named = {(each["subject"], each["of"], each["name"]) for each in found}
    assert {("purchase_order", "CFR1", "accept"), ("outbound_mail", "out-1", "compose")} <= named
    assert {each["who"] for each in run("log", "--who", "marie", "--json", cwd=paired_shop).json["events"]} == {"marie"}
    shown = run("--lang", "fr", "log", "--limit", "2", cwd=paired_shop)
    assert (shown.code, "--after" in shown.err) == (0, True)


@pytest.mark.usefixtures("exchanged")
def test_a_page_takes_as_many_statements_whatever_the_base_has(paired_shop: Path) -> None:
    """Issue 16: the same with two mails as with hundreds of them and of what happened."""
    with base(paired_shop) as database:
        before = _statements(database)
        with database.transaction() as connection:
            mail = connection.execute(select(OutboundMail.__table__)).mappings().one()
            many = [{**mail, "id": 10 + n, "transfer_id": f"t{n}", "seq": 10 + n} for n in range(300)]
            connection.execute(insert(OutboundMail), many)
            told = connection.execute(select(Event.__table__).order_by(Event.id)).mappings().all()
            last = told[-1]
            again = (
                {**each, "id": last["id"] + 1 + n, "at": last["at"] + timedelta(milliseconds=n)}
                for n, each in enumerate([*told] * 20)
            )
            connection.execute(insert(Event), [*again])
        assert _statements(database) == before
        assert before[:2] == [2, 1]
        assert before[2] <= 1 + len(NAMES)


def _statements(database: Database) -> list[int]:
    """How many a page of each list takes."""
    found = []
    for read in (list_mails_out, list_mails_in, list_events):
        with database.read() as connection, noted(connection) as asked:
            read(connection)
        found.append(len(asked))
    return found
