"""`credit`, `parties set --credit-max`, `--override`: what customers may owe, from the command line (T18 to T22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cli.conftest import Ran, Run

REASON = "Paid in cash tomorrow morning"


@pytest.fixture
def selling(paired_shop: Path, run: Run) -> Path:
    """A site that sells to DUP, who may owe 1 000, from orders on; eve is a clerk."""
    for command in (
        ("parties", "add", "--name", "Dupont SA", "--customer", "--code", "DUP"),
        ("settings", "set", "credit.block_from", "order"),
        ("parties", "set", "DUP", "--credit-max", "1000", "--credit-insured", "600"),
        ("user", "add", "eve", "--email", "eve@arts.test"),
    ):
        done = run(*command, cwd=paired_shop)
        assert done.code == 0, done.err
    return paired_shop


def enter(run: Run, folder: Path, price: str, *more: str, by: str = "marie") -> Ran:
    """An order of one piece at a price without VAT, at 20 %."""
    return run(
        *("--as", by, "sales", "enter", "--customer", "DUP", "--line", f"CAS-16=1@{price}", *more, "--json"), cwd=folder
    )


def test_a_ceiling_and_what_is_owed(selling: Path, run: Run) -> None:
    """T18, T19, T22: maximum, insured and authorised; the card shows the parts."""
    assert enter(run, selling, "500").code == 0
    shown = run("credit", "show", "DUP", "--json", cwd=selling).json["exposure"]
    assert (shown["max"], shown["insured"], shown["authorised"]) == ("1000.00", "600.00", "400.00")
    assert (shown["orders"], shown["delivered"], shown["invoices"]) == ("600.00", "0.00", "0.00")
    assert (shown["total"], shown["free"], shown["blocked_from"]) == ("600.00", "400.00", "order")
    card = run("parties", "show", "DUP", "--json", cwd=selling).json["exposure"]
    assert card == shown
    french = run("--lang", "fr", "parties", "show", "DUP", cwd=selling)
    assert "Encours maximum" in french.out
    too_much = run("parties", "set", "DUP", "--credit-insured", "1001", cwd=selling)
    assert (too_much.code, "is more than the maximum 1000.00; nothing was changed" in too_much.err) == (1, True)
    lifted = run("parties", "set", "DUP", "--credit-max", "none", cwd=selling)
    assert lifted.code == 0
    shown = run("credit", "show", "DUP", "--json", cwd=selling).json["exposure"]
    assert (shown["max"], shown["free"], shown["authorised"]) == (None, None, None)


def test_who_may_set_a_ceiling(selling: Path, run: Run) -> None:
    """D31: administrators and accountants."""
    refused = run("--as", "eve", "parties", "set", "DUP", "--credit-max", "2000", cwd=selling)
    assert (refused.code, "eve may not set credit maximums; marie may" in refused.err) == (1, True)
    assert run("user", "set", "eve", "--role", "accountant", cwd=selling).code == 0
    assert run("--as", "eve", "parties", "set", "DUP", "--credit-max", "2000", cwd=selling).code == 0


def test_a_document_is_refused_and_a_person_lets_it_pass(selling: Path, run: Run) -> None:
    """T20: exit code 1, what may be done, and who did what: an override covers the later documents."""
    assert enter(run, selling, "500").code == 0
    blocked = enter(run, selling, "500")
    assert blocked.code == 1
    assert "Dupont SA owes 600.00 and may owe 1000.00; this would add 600.00." in blocked.err
    for act in ("payments add", "parties set --credit-max", "--override"):
        assert act in blocked.err
    assert enter(run, selling, "500", "--override", REASON, by="eve").code == 1
    assert enter(run, selling, "500", "--override", "because").code == 1
    passed = enter(run, selling, "500", "--override", REASON)
    assert passed.code == 0, passed.err
    assert run("sales", "deliver", "CCL1", cwd=selling).code == 1, "above the maximum nothing leaves"
    assert run("sales", "deliver", "CCL2", cwd=selling).code == 0, "but for what a person let pass"
    assert run("sales", "invoice", "CCL2", cwd=selling).code == 0
    by_hand = run("sales", "deliver", "CCL1", "--override", REASON, cwd=selling)
    assert by_hand.code == 0, by_hand.err
    assert run("sales", "invoice", "BL2", cwd=selling).code == 0
    kept = run("credit", "overrides", "--json", cwd=selling).json["overrides"]
    assert [(row["document"], row["stage"], row["by"], row["delta"]) for row in kept] == [
        ("BL2", "delivery", "marie", "0.00"),
        ("CCL2", "order", "marie", "600.00"),
    ]
    assert run("credit", "overrides", "--from", "01/01/2099", "--json", cwd=selling).json["overrides"] == []
    assert REASON in run("credit", "overrides", cwd=selling).out


def test_a_payment_makes_room(selling: Path, run: Run) -> None:
    """T20, T22: money on account lowers what is owed at once."""
    assert enter(run, selling, "500").code == 0
    paid = run("payments", "add", "--customer", "DUP", "--amount", "200", "--method", "transfer", "--json", cwd=selling)
    assert (paid.code, paid.json["released"]) == (0, [])
    assert enter(run, selling, "500").code == 0
    assert run("credit", "show", "DUP", "--json", cwd=selling).json["exposure"]["total"] == "1000.00"


def test_who_is_above_the_maximum(selling: Path, run: Run) -> None:
    """T22: the list, and the part of it that is above, in pages."""
    assert enter(run, selling, "500").code == 0
    listed = run("credit", "list", "--json", cwd=selling).json["customers"]
    assert [row["code"] for row in listed] == sorted(row["code"] for row in listed)
    assert run("credit", "list", "--over", "--json", cwd=selling).json == {"customers": [], "after": None}
    assert run("parties", "set", "DUP", "--credit-max", "599,99", "--credit-insured", "0", cwd=selling).code == 0
    over = run("credit", "list", "--over", "--json", cwd=selling).json["customers"]
    assert [(row["code"], row["free"]) for row in over] == [("DUP", "-0.01")]
    assert "DUP" in run("credit", "list", "--over", cwd=selling).out


def test_new_customers_get_the_usual_ceiling(selling: Path, run: Run) -> None:
    """D22: copied when they are created, and later defaults change nobody."""
    assert run("settings", "set", "credit.max_default", "5000", cwd=selling).code == 0
    made = run("parties", "add", "--name", "Duval", "--customer", "--code", "DV", "--json", cwd=selling)
    assert made.json["credit"] == {"max": "5000.00", "insured": "0.00", "authorised": "5000.00"}
    assert run("settings", "set", "credit.max_default", "9000", cwd=selling).code == 0
    assert run("credit", "show", "DV", "--json", cwd=selling).json["exposure"]["max"] == "5000.00"
    supplier = run("parties", "add", "--name", "Durand", "--supplier", "--code", "DD", "--json", cwd=selling)
    assert supplier.json["credit"]["max"] is None
    bad = run("settings", "set", "credit.block_from", "orders", cwd=selling)
    assert (bad.code, "«orders» is none of off, quote, order" in bad.err) == (1, True)


def test_a_new_partner_is_never_stopped_unseen(shop: Path, stauber: Path, run: Run) -> None:
    """D22: without a terminal `partner add` wants to be told what a new customer may owe."""
    assert run("settings", "set", "credit.max_default", "5000", cwd=shop).code == 0
    kid = run("site", "card", "--json", cwd=stauber).json["kid"]
    card = ("partner", "add", stauber / "stauber.card", "--fingerprint", kid)
    unsaid = run(*card, cwd=shop)
    assert (unsaid.code, "--credit-max" in unsaid.err) == (2, True)
    assert run("partner", "list", "--json", cwd=shop).json == []
    assert run(*card, "--credit-max", "none", cwd=shop).code == 0
    listed = run("credit", "list", "--json", cwd=shop).json["customers"]
    assert [row["max"] for row in listed] == [None]
