"""`orders new`, `edit`, `copy`, `delete`: what a person types, and what is said to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.cli.conftest import Run


def test_an_order_from_its_first_line_to_its_end(paired_shop: Path, run: Run) -> None:
    """Typed, corrected, copied, and the copy thrown away; the journal tells it."""
    made = run(
        *("orders", "new", "--supplier", "stauber", "--line", "cas-16=4@15,00", "--line", "CAS-18=2"),
        *("--charge", "Port=12,50@S:20", "--note", "Cuisine", "--followed-by", "marie", "--json"),
        cwd=paired_shop,
    )
    assert made.code == 0, made.err
    assert (made.json["order"], made.json["version"], made.json["state"]) == ("CFR1", 1, "draft")
    assert [(line["line"], line["product"], line["price_from"]) for line in made.json["lines"]] == [
        ("1", "CAS-16", "hand"),
        ("2", "CAS-18", "catalogue"),
    ]
    edited = run(
        *("orders", "edit", "cfr1", "--line", "1=5", "--remove", "2", "--charge", "Port=0", "--version", "1"),
        cwd=paired_shop,
    )
    assert (edited.code, "CFR1 is a draft: 75.00 excl. VAT, 90.00 incl. VAT" in edited.err) == (0, True), edited.err
    shown = run("orders", "show", "CFR1", "--json", cwd=paired_shop).json
    assert (shown["version"], shown["total_ttc"], len(shown["lines"]), shown["charges"]) == (2, "90.00", 1, [])
    assert "typed" in run("orders", "show", "CFR1", cwd=paired_shop).out
    copied = run("orders", "copy", "CFR1", "--confirm", cwd=paired_shop)
    assert (copied.code, "CFR2 is confirmed" in copied.err) == (0, True)
    assert [row["number"] for row in run("orders", "list", "--json", cwd=paired_shop).json] == ["CFR2"]
    deleted = run("orders", "delete", "CFR1", "--json", cwd=paired_shop)
    assert (deleted.code, deleted.json) == (0, {"deleted": ["CFR1"]})
    log = run("log", "--json", cwd=paired_shop).json["events"]
    assert [(each["name"], each["of"]) for each in log if each["subject"] == "purchase_order"] == [
        ("delete", "CFR1"),
        ("enter", "CFR2"),
        ("edit", "CFR1"),
        ("enter", "CFR1"),
    ]


def test_faults_are_said_with_their_lines_in_french_too(paired_shop: Path, run: Run) -> None:
    words = ("orders", "new", "--supplier", "NOBODY", "--line", "CAS-16=1", "--line", "CAS-99=0")
    told = run(*words, cwd=paired_shop)
    assert told.code == 1
    assert "supplier: No supplier has the code" in told.err
    assert "line 2, product: The product CAS-99 is not in the base" in told.err
    assert "Nothing was entered or changed." in told.err
    assert "`intergestan catalog import`" in told.err
    told = run("--lang", "fr", *words, cwd=paired_shop)
    assert "ligne 2, produit :" in told.err.replace("\u202f", " ").replace("\u00a0", " ")
    assert "Rien n'a été saisi ni modifié." in told.err
    assert run("orders", "list", "--all", "--json", cwd=paired_shop).json == []


def test_who_comes_second_is_told(paired_shop: Path, run: Run) -> None:
    run("orders", "new", "--supplier", "STAUBER", "--line", "CAS-16=1", cwd=paired_shop)
    first = run("--as", "marie", "orders", "edit", "CFR1", "--note", "Un", "--version", "1", cwd=paired_shop)
    second = run("orders", "edit", "CFR1", "--note", "Deux", "--version", "1", cwd=paired_shop)
    assert (first.code, second.code) == (0, 1)
    assert "CFR1 was changed meanwhile, by marie at " in second.err
    assert "`intergestan orders show` shows it." in second.err


def test_what_was_sent_is_copied_and_never_deleted(paired_shop: Path, run: Run) -> None:
    run("orders", "new", "--supplier", "STAUBER", "--line", "CAS-16=1", "--confirm", cwd=paired_shop)
    sent = run("send", "--supplier", "STAUBER", "--address", "appros@stauber.test", cwd=paired_shop)
    assert sent.code == 0, sent.err
    for words in (("delete", "CFR1"), ("edit", "CFR1", "--note", "x")):
        told = run("orders", *words, cwd=paired_shop)
        assert (told.code, "CFR1 is transmitting, and this is for drafts" in told.err) == (1, True)
    assert run("orders", "copy", "CFR1", "--json", cwd=paired_shop).json["state"] == "draft"
    assert run("abandon", "out-1", cwd=paired_shop).code == 0
    assert run("orders", "unconfirm", "CFR1", cwd=paired_shop).code == 0
    deleted = run("orders", "delete", "CFR1", "CFR2", cwd=paired_shop)
    assert (deleted.code, "Deleted: CFR1, CFR2." in deleted.err) == (0, True), deleted.err
    (mail,) = run("outbox", "list", "--json", cwd=paired_shop).json["mails"]
    assert (mail["state"], mail["orders"]) == ("abandoned", [])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("new", "--supplier", "STAUBER", "--line", "CAS-16"), "is no line"),
        (("new", "--supplier", "STAUBER", "--line", "CAS-16=1", "--charge", "Port"), "is no charge"),
        (("new", "--supplier", "STAUBER", "--line", "CAS-16=1", "--charge", "Port=1@X"), "is not a VAT category"),
        (("edit", "CFR1"), "Say what changes"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_usage(
    paired_shop: Path, run: Run, words: tuple[str, ...], part: str
) -> None:
    told = run("orders", *words, cwd=paired_shop)
    assert (told.code, part in told.err) == (2, True), told.err
