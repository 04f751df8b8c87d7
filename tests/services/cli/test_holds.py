"""`holds`, `status` and `replay` on a site to which an order came that one of its products stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from intergestan_db import leases
from intergestan_db.tables import InboundMail, Ledger, OutboundMail, SalesOrder
from intergestan_msg.typography import french
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import archive, base, compose, receive, rows, take_in


@pytest.fixture
def mail(paired_shop: Path, stauber: Path, run: Run) -> bytes:
    """The shop's mail with CFR1 and CFR2; STAUBER trusts the shop, and has no products yet."""
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    run("send", "--supplier", "STAUBER", "--to", "appros@stauber.test", cwd=paired_shop)
    card = run("site", "card", "--json", cwd=paired_shop).json
    (stauber / "shop.card").write_text(card["card"])
    assert run("partner", "add", stauber / "shop.card", "--fingerprint", card["kid"], cwd=stauber).code == 0
    return compose(paired_shop, 1)


def test_what_waits_is_listed_and_explained(mail: bytes, stauber: Path, run: Run) -> None:
    assert run("holds", "list", "--json", cwd=stauber).json == []
    assert run("holds", "list", cwd=stauber).out == ""
    sha256 = receive(stauber, mail)
    first, second = run("holds", "list", "--json", cwd=stauber).json
    assert (first["ref"], first["order"], first["reason"]) == ("order-1", "CFR1", "unknown_product")
    assert (second["ref"], second["sha256"]) == ("order-2", sha256)
    table = run("--lang", "fr", "holds", "list", cwd=stauber).out
    assert "order-1" in table
    assert "Arts de la Table" in table
    shown = run("--lang", "fr", "holds", "show", "order-1", cwd=stauber).out
    assert "créez le produit" in shown
    assert f"{sha256}.eml" in shown
    found = run("holds", "show", "order-1", "--json", cwd=stauber).json
    assert found["means"]
    assert found["do"]
    assert run("holds", "show", "order-9", cwd=stauber).code == 1


def test_the_trace_says_in_words_why_it_waits(mail: bytes, stauber: Path, run: Run) -> None:
    """Issue 3: no code of ours where a person reads."""
    receive(stauber, mail)
    for language, words in (("fr", "Nous ne connaissons pas le produit"), ("en", "We do not know the product")):
        shown = " ".join(run("--lang", language, "trace", "CFR1", cwd=stauber).out.split())
        assert words in shown
        assert "unknown_product" not in shown
    (story,) = run("trace", "CFR1", "--json", cwd=stauber).json
    (opened,) = (each["detail"] for each in story["happened"] if "findings" in each["detail"])
    assert (opened["reason"], opened["findings"][0]["reason"]) == ("unknown_product", "unknown_product")


def test_an_order_is_released_and_another_refused(mail: bytes, stauber: Path, run: Run) -> None:
    receive(stauber, mail)
    assert run("catalog", "import", data("catalogue_base.csv"), cwd=stauber).code == 0
    assert run("holds", "release", "order-1", cwd=stauber).code == 0
    refused = run("holds", "refuse", "order-2", "--reason", "Trop tard.", cwd=stauber)
    assert refused.code == 0, refused.err
    take_in(stauber, 1)
    assert [row.customer_order_number for row in rows(stauber, SalesOrder)] == ["CFR1"]
    assert {row.number: row.outcome for row in rows(stauber, Ledger)} == {"CFR1": "created", "CFR2": "rejected"}
    assert run("holds", "release", "order-1", cwd=stauber).code == 1
    assert run("holds", "list", "--json", cwd=stauber).json == []


def test_the_status_says_where_everything_rests(mail: bytes, paired_shop: Path, stauber: Path, run: Run) -> None:
    receive(stauber, mail)
    found = run("status", "--json", cwd=stauber).json
    assert found["inbound"]["done"]["count"] == 1
    assert found["holds"] == {"unknown_product": 2}
    assert found["workers"] == []
    shown = run("--lang", "fr", "status", cwd=stauber)
    assert shown.code == 0
    assert french("À traiter : 2") in shown.out
    assert "poller" in shown.out
    assert run("status", "--json", cwd=paired_shop).json["purchase_orders"]["transmitting"]["count"] == 2


def test_a_replay_is_shown_first(mail: bytes, stauber: Path, run: Run) -> None:
    receive(stauber, mail)
    assert run("replay", "--all", "--dry-run", cwd=stauber).out == "", "nothing would change"
    run("catalog", "import", data("catalogue_base.csv"), cwd=stauber)
    (plan,) = run("replay", "--all", "--dry-run", "--json", cwd=stauber).json
    assert (plan["now"], plan["then"], plan["changes"]) == ("done", "done", True)
    assert [document["outcome"] for document in plan["documents"]] == ["created", "created"]
    assert "CFR1\u00a0: enregistrée" in run("--lang", "fr", "replay", "--all", "--dry-run", cwd=stauber).out
    assert rows(stauber, SalesOrder) == []
    assert [row.state for row in rows(stauber, InboundMail)] == ["done"]


def test_a_file_that_only_the_archive_has(mail: bytes, stauber: Path, run: Run) -> None:
    """The base came back from a backup: `--all` finds what the archive has and the base does not."""
    run("catalog", "import", data("catalogue_base.csv"), cwd=stauber)
    sha256 = archive(stauber, mail)
    (plan,) = run("replay", "--all", "--dry-run", "--json", cwd=stauber).json
    assert (plan["sha256"], plan["now"], plan["then"]) == (sha256, None, "done")
    assert [document["outcome"] for document in plan["documents"]] == ["created", "created"]


def test_a_replay_needs_an_importer_and_a_choice(mail: bytes, stauber: Path, run: Run) -> None:
    sha256 = receive(stauber, mail)
    assert run("replay", cwd=stauber).code == 2
    refused = run("replay", "--mail", sha256[:8], cwd=stauber)
    assert (refused.code, "importer" in refused.err) == (75, True)
    assert [row.state for row in rows(stauber, InboundMail)] == ["done"]
    assert run("replay", "--mail", "ffffffff", cwd=stauber).code == 1
    assert run("replay", "--mailbox", "nowhere", cwd=stauber).code == 1


def test_an_importer_that_hangs_is_not_waited_for(mail: bytes, stauber: Path, run: Run) -> None:
    receive(stauber, mail)
    with base(stauber) as database, database.transaction() as connection:
        leases.beat(connection, "importer-1", "importer", database.now())
    late = run("replay", "--all", "--timeout", "0", cwd=stauber)
    assert late.code == 75
    assert [row.state for row in rows(stauber, InboundMail)] == ["archived"]
    named = run("replay", "--mail", rows(stauber, InboundMail)[0].sha256, cwd=stauber)
    assert (named.code, "anyway" in named.err) == (1, True)


def test_a_missing_file_is_told(mail: bytes, stauber: Path, run: Run) -> None:
    sha256 = receive(stauber, mail)
    (stauber / "archive" / sha256[:2] / f"{sha256}.eml").unlink()
    told = run("replay", "--all", "--dry-run", cwd=stauber)
    assert "backup" in told.err


def test_nobody_answers_a_mail_that_was_not_understood(mail: bytes, stauber: Path, run: Run) -> None:
    receive(stauber, mail[:-300])
    (hold,) = run("holds", "list", "--json", cwd=stauber).json
    assert hold["kind"] == "in"
    assert run("holds", "refuse", hold["ref"], cwd=stauber).code == 0
    assert rows(stauber, OutboundMail) == []
    assert run("holds", "list", "--json", cwd=stauber).json == []


def test_a_product_is_chosen_when_an_order_is_released(mail: bytes, stauber: Path, run: Run) -> None:
    """What a foreign code means is said once, and remembered."""
    receive(stauber, mail)
    (stauber / "ours.csv").write_text("Code;Désignation;Prix de vente;TVA\nOURS;Le nôtre;23,40;20\n")
    assert run("catalog", "import", stauber / "ours.csv", cwd=stauber).code == 0
    lines = [finding["line"] for finding in run("holds", "show", "order-1", "--json", cwd=stauber).json["findings"]]
    assert run("holds", "release", "order-1", "--product", f"{lines[0]}", cwd=stauber).code == 2
    assert run("holds", "release", "order-1", "--product", "99=OURS", cwd=stauber).code == 1
    assert run("holds", "release", "order-1", "--customer", "X", cwd=stauber).code == 1
    assert run("holds", "release", "order-1", "order-2", "--product", f"{lines[0]}=OURS", cwd=stauber).code == 1
    done = run("holds", "release", "order-1", "--product", f"{lines[0]}=OURS", cwd=stauber)
    assert done.code == 0, done.err
    take_in(stauber, 1)
    waiting = {hold["order"]: hold for hold in run("holds", "list", "--json", cwd=stauber).json}
    assert lines[0] not in [finding["line"] for finding in waiting["CFR1"]["findings"]]
    partner = run("partner", "list", "--json", cwd=stauber).json[0]["site_code"]
    assert [row["code"] for row in run("partner", "match", partner, "--json", cwd=stauber).json] == ["OURS"]


def test_a_hold_says_what_it_means_in_french(mail: bytes, stauber: Path, run: Run) -> None:
    receive(stauber, mail)
    shown = run("--lang", "fr", "holds", "show", "order-1", cwd=stauber).out
    for part in ("Ce qui s'est passé", "Ce que cela signifie", "Que faire", "--product LIGNE=CODE"):
        assert part in shown


def test_mails_of_strangers_are_one_row_and_are_refused_at_once(stauber: Path, run: Run) -> None:
    for n in range(3):
        receive(stauber, f"From: x@x.test\r\nX-Intergestan-Transfer: {n}\r\n\r\nhello\r\n".encode())
    (row,) = run("holds", "list", "--json", cwd=stauber).json
    assert (row["strangers"], row["others"]) == (True, 2)
    assert "2" in run("holds", "list", cwd=stauber).out
    assert run("holds", "list", "--known", "--json", cwd=stauber).json == []
    assert len(run("holds", "list", "--strangers", "--each", "--json", cwd=stauber).json) == 3
    refused = run("holds", "refuse", row["ref"], "--all-like-it", cwd=stauber)
    assert (refused.code, refused.err) == (0, "3 were dealt with.\n")
    assert run("holds", "list", "--json", cwd=stauber).json == []
