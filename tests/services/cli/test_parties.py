"""`parties`, `accounts`, `search`, `settings`: third parties from the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from intergestan_db.file_tables.xlsx_table import write_sheets
from tests.services.cli.conftest import Run

HEAD = "Raison sociale;Client;Fournisseur;Ville;Code;Compte client\n"


def test_codes_by_hand(shop: Path, run: Run) -> None:
    """T01, T05: the code that the user gives, in capitals; an account is proposed from it, and may be another."""
    added = run("parties", "add", "--name", "Dupont SA", "--customer", "--code", "dup", "--json", cwd=shop)
    assert (added.code, added.json) == (
        0,
        {
            "code": "DUP",
            "name": "Dupont SA",
            "accounts": {"customer": "411DUP"},
            "fees": [],
            "credit": {"max": None, "insured": "0.00", "authorised": None},
            "warnings": [],
        },
    )
    again = run("parties", "add", "--name", "Duval", "--customer", "--code", "DUP", cwd=shop)
    assert again.code == 1
    assert "There is already a third party «DUP»: choose another code. Give the code with `--code`, " in again.err
    without = run("--lang", "fr", "parties", "add", "--name", "Duval", "--customer", cwd=shop)
    assert (without.code, "La codification est manuelle ici, et Duval n'a pas de code." in without.err) == (1, True)
    own = run(
        *("parties", "add", "--name", "Duval", "--customer", "--supplier", "--code", "DV"),
        *("--customer-account", "411 duval", "--json"),
        cwd=shop,
    )
    assert own.json["accounts"] == {"customer": "411DUVAL", "supplier": "401DV"}
    taken = run("accounts", "set", "DV", "411DUP", "--role", "customer", cwd=shop)
    assert (taken.code, "The account 411DUP belongs to DUP" in taken.err) == (1, True)
    changed = run("accounts", "set", "DV", "411DV", "--role", "customer", "--json", cwd=shop)
    assert changed.json == {"party": "DV", "role": "customer", "account": "411DV"}


def test_codes_that_are_made(shop: Path, run: Run) -> None:
    """T02, T03, T04, T08: as the settings say; lengths that do not fit are refused, and nothing changes."""
    for name, value in (("codes.mode", "automatic"), ("accounts.mode", "alphabet")):
        assert run("settings", "set", name, value, cwd=shop).code == 0
    for name, value in (("codes.length", "5"), ("codes.length", "16"), ("codes.prefix", "8"), ("codes.prefix", "0")):
        refused = run("settings", "set", name, value, cwd=shop)
        assert (refused.code, "do not fit. Nothing was changed." in refused.err) == (1, True)
    added = run("parties", "add", "--name", "Élise & Cie", "--customer", "--supplier", "--json", cwd=shop)
    assert added.json["code"] == "EL000001"
    assert added.json["accounts"] == {"customer": "4110500001", "supplier": "4010500001"}
    by_hand = ("parties", "add", "--name", "Éric", "--customer", "--code", "EL000002")
    refused = run(*by_hand, cwd=shop)
    assert (refused.code, "--code-by-hand" in refused.err) == (1, True)
    assert run("settings", "set", "codes.length", " 9 ", "--json", cwd=shop).json == {"codes.length": "9"}
    assert run("settings", "set", "codes.length", "8", cwd=shop).code == 0
    assert run(*by_hand, "--code-by-hand", cwd=shop).code == 0
    assert run("parties", "add", "--name", "Elsa", "--customer", "--json", cwd=shop).json["code"] == "EL000003"
    unknown = run("settings", "set", "code.lenght", "9", cwd=shop)
    assert (unknown.code, "Did you mean «codes.length»?" in unknown.err) == (1, True)
    assert run("settings", "show", "--json", cwd=shop).json["codes.length"] == "8"


def test_all_codes_are_given(shop: Path, run: Run) -> None:
    """T04: an error in words, in the user's language, with what may be done."""
    for name, value in (("codes.mode", "automatic"), ("codes.length", "6"), ("codes.prefix", "5")):
        assert run("settings", "set", name, value, cwd=shop).code == 0
    file = shop / "many.csv"
    file.write_text("Raison sociale;Client\n" + "Dupont;oui\n" * 9)
    assert [each["code"] for each in run("parties", "import", file, "--json", cwd=shop).json["entered"]][-1] == "DUPON9"
    checks = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}
    assert checks["Codes"]["text"] == "of those that begin with DUPON, 0 of 9 are left"
    refused = run("--lang", "fr", "parties", "add", "--name", "Dupont", "--customer", cwd=shop)
    assert refused.code == 1
    assert "Tous les codes commençant par DUPON sont pris (9). Rien n'a été créé." in refused.err
    assert "codes.length" in refused.err


def test_a_card(shop: Path, run: Run) -> None:
    """T05: what is known of a party is shown, changed, and taken away."""
    new = (
        *("parties", "add", "--name", "Stauber", "--supplier", "--code", "ST", "--siret", "802 954 785 00028"),
        *("--line1", "1 rue des Forges", "--city", "Vittel", "--country", "France", "--contact", "Anne Roth"),
        *("--email", "anne@stauber.test", "--siren", "802954785", "--invoice-email", "ap@stauber.test"),
        *("--buyer-reference", "Service 4"),
    )
    doubted = run(*new, cwd=shop)
    assert (doubted.code, "check digit of the SIREN 802954785 is wrong" in doubted.err) == (1, True)
    assert "Nothing was created. `--unchecked` takes it if it is meant." in doubted.err
    added = run(*new, "--unchecked", cwd=shop)
    assert added.code == 0, added.err
    assert "the check digit of the SIRET" in added.err
    card = run("parties", "show", "80295478500028", "--json", cwd=shop).json
    assert card["accounts"] == {"supplier": "401ST"}
    assert (card["siren"], card["invoice_email"]) == ("802954785", "ap@stauber.test")
    assert (card["buyer_reference"], card["exposure"], len(card["warnings"])) == ("Service 4", None, 2)
    assert card["credit"] == {"max": None, "insured": "0.00", "authorised": None}
    assert card["addresses"] == [
        {
            "kind": "main",
            "line1": "1 rue des Forges",
            "line2": None,
            "postcode": None,
            "city": "Vittel",
            "country": "FR",
            "latitude": None,
            "longitude": None,
            "geo": "none",
            "incomplete": None,
        }
    ]
    assert card["contacts"] == [{"name": "Anne Roth", "telephone": None, "email": "anne@stauber.test"}]
    changed = run(
        "parties", "set", "st", "--name", "Stauber SAS", "--customer", "--siret", "", "--code", "STB", cwd=shop
    )
    assert changed.code == 0, changed.err
    card = run("parties", "show", "stauber sas", "--json", cwd=shop).json
    assert (card["code"], card["siret"], card["accounts"]) == ("STB", None, {"customer": "411STB", "supplier": "401ST"})
    shown = run("--lang", "fr", "parties", "show", "STB", cwd=shop).out
    assert "Compte (fournisseur)" in shown
    assert re.search(r"Nom +Stauber SAS\n", shown)
    assert re.search(r"Interlocuteur +Anne Roth, anne@stauber\.test\n", shown)
    assert "Vittel, FR" in shown
    for options, said in (
        (("--name", ""), "needs a name"),
        (("--siret", "12"), "is not a SIRET"),
        (("--siren", "12"), "is not a SIREN"),
        (("--siret", "732 829 320 00074"), "is not of the firm with the SIREN 802954785"),
        (("--invoice-email", "ap"), "is not a mail address"),
        (("--country", "Atlantis"), "is no country"),
        (("--email", "anne"), "is not a mail address"),
        (("--name", "x" * 201), "at most 200 characters"),
        (("--city", "a\u200bb"), "nobody sees"),
        (("--code", "É"), "is not a code"),
        (("--no-customer", "--no-supplier"), "would be neither"),
    ):
        refused = run("parties", "set", "STB", *options, cwd=shop)
        assert (refused.code, said in refused.err) == (1, True), refused.err
    assert run("parties", "set", "STB", cwd=shop).code == 2
    assert run("parties", "set", "STB", "--no-customer", cwd=shop).code == 0
    assert run("parties", "show", "STB", "--json", cwd=shop).json["accounts"] == {"supplier": "401ST"}


def test_a_party_is_forgotten(paired_shop: Path, run: Run) -> None:
    """D34: an administrator does it, and is asked twice; who is needed stays; what was issued keeps its name."""
    shop = paired_shop
    for command in (
        ("parties", "add", "--name", "Luc Martin", "--customer", "--code", "LUC", "--city", "Vittel"),
        ("parties", "set", "LUC", "--contact", "Luc", "--invoice-email", "luc@martin.test", "--term", "COMPTANT"),
        ("sales", "enter", "--customer", "LUC", "--line", "CAS-16=1@10"),
        ("user", "add", "eve", "--email", "eve@arts.test"),
    ):
        done = run(*command, cwd=shop)
        assert done.code == 0, done.err
    refused = run("--as", "eve", "parties", "anonymise", "LUC", "--yes", cwd=shop)
    assert (refused.code, "eve may not" in refused.err, "marie may" in refused.err) == (1, True, True)
    said = "LUC has open orders or quotes, so it keeps its name. Nothing was changed."
    assert said in run("parties", "anonymise", "LUC", "--yes", cwd=shop).err
    french = run("--lang", "fr", "parties", "anonymise", "LUC", "--yes", cwd=shop)
    assert (french.code, "LUC a encore des commandes ou des devis en cours" in french.err) == (1, True), french.err
    number = run("sales", "list", "--json", cwd=shop).json[0]["number"]
    for verb in ("deliver", "invoice"):
        assert run("sales", verb, number, cwd=shop).code == 0
    owes = run("parties", "anonymise", "LUC", "--yes", cwd=shop)
    assert "LUC has something to pay or to get back" in owes.err
    paid = run("payments", "add", "--customer", "LUC", "--amount", "12", "--method", "cash", cwd=shop)
    assert paid.code == 0, paid.err
    for answers in ("n\n", "y\n\n", "y\nn\n"):
        kept = run("parties", "anonymise", "LUC", cwd=shop, stdin=answers)
        assert (kept.code, "Nothing was changed." in kept.err) == (0, True)
    assert run("parties", "show", "LUC", "--json", cwd=shop).json["name"] == "Luc Martin"
    gone = run("parties", "anonymise", "LUC", cwd=shop, stdin="y\ny\n")
    assert (gone.code, "LUC is anonymous now." in gone.err) == (0, True)
    card = run("parties", "show", "LUC", "--json", cwd=shop).json
    assert (card["name"], card["invoice_email"], card["addresses"], card["contacts"]) == ("LUC", None, [], [])
    assert run("parties", "find", "martin", "--json", cwd=shop).json["found"] == []
    invoice = run("sales", "show", "FA1", "--json", cwd=shop).json
    assert (invoice["customer"], invoice["identity"]["buyer"]["city"]) == ("Luc Martin", "Vittel")
    assert run("invoices", "verify", cwd=shop).code == 0


@pytest.mark.parametrize(
    "verb", [("parties", "show"), ("accounts", "set", "--role", "customer"), ("orders", "list", "--supplier")]
)
def test_what_is_no_one_party(shop: Path, run: Run, verb: tuple[str, ...]) -> None:
    """D15: an option names one party or none; close ones are told, nothing is done, exit code 2."""
    for code, name in (("STAUBER", "STAUBER"), ("ST2", "Étoile & Cie")):
        assert run("parties", "add", "--name", name, "--supplier", "--code", code, cwd=shop).code == 0
    refused = run(*verb, "ST", cwd=shop)
    assert refused.code == 2
    assert "«ST» does not name exactly one third party. Nothing was done. Close to it: ST2 Étoile & Cie, STAUBER" in (
        refused.err
    )
    assert "`intergestan parties find` searches." in refused.err
    assert run(*verb, "xyz", cwd=shop).code == 2


def test_lists_in_pages(shop: Path, run: Run) -> None:
    """T11: every party once, in the order of the codes, whatever the page's length; and only those of a role."""
    for number in range(7):
        role = "--customer" if number % 2 else "--supplier"
        assert run("parties", "add", "--name", f"N{number}", role, "--code", f"P{number}", cwd=shop).code == 0
    for verb, word, first in (("parties", "code", "P0"), ("accounts", "number", "401P0")):
        whole = [row[word] for row in run(verb, "list", "--json", cwd=shop).json[verb]]
        pages: list[str] = []
        after: list[str] = []
        while True:
            page = run(verb, "list", "--limit", "3", *after, "--json", cwd=shop).json
            pages += [row[word] for row in page[verb]]
            if page["after"] is None:
                break
            after = ["--after", page["after"]]
        assert pages == whole == sorted(whole)
        assert (len(whole), whole[0]) == (7, first)
        assert "--after" in run(verb, "list", "--limit", "3", cwd=shop).err
    assert len(run("parties", "list", "--role", "customer", "--json", cwd=shop).json["parties"]) == 3
    for wrong in ("x", "WyJhIl0", "W10", "é"):
        refused = run("parties", "list", "--after", wrong, cwd=shop)
        assert refused.code == (0 if wrong == "WyJhIl0" else 1), refused.err


def test_searching(shop: Path, run: Run) -> None:
    """T09 to T15: the fields are chosen and ordered; what is found first changes at once."""
    for code, name in (("MA1", "Établissements Durand"), ("C4", "Martin SA")):
        assert run("parties", "add", "--name", name, "--customer", "--code", code, cwd=shop).code == 0

    def found(text: str) -> list[tuple[str, str]]:
        hits = run("parties", "find", text, "--json", cwd=shop).json["found"]
        return [(each["code"], each["field"]) for each in hits]

    assert found("ma") == [("MA1", "code"), ("C4", "name")]
    ordered = run("search", "fields", "party", "order", "name,account,code", "--json", cwd=shop)
    assert ordered.json == {"party": ["name", "account", "code"]}
    assert found("ma") == [("C4", "name"), ("MA1", "code")]
    for name in ("account", "code"):
        assert run("search", "fields", "party", "remove", name, cwd=shop).code == 0
    assert found("ma") == [("C4", "name")]
    last = run("--lang", "fr", "search", "fields", "party", "remove", "name", cwd=shop)
    assert (last.code, "Une recherche a besoin d" in last.err) == (1, True)
    assert run("search", "fields", "party", "add", "code", "--json", cwd=shop).json == {"party": ["name", "code"]}
    assert run("search", "fields", "--json", cwd=shop).json["account"] == ["party_code", "title", "number"]
    for wrong in (("remove", "account"), ("add", "siret"), ("order", "name"), ("order", "name,name")):
        assert run("search", "fields", "party", *wrong, cwd=shop).code == 1
    assert run("search", "fields", "party", "add", cwd=shop).code == 2
    assert run("accounts", "find", "martin", "--json", cwd=shop).json["found"] == [
        {"number": "411C4", "title": "Martin SA", "party": "C4", "field": "title"}
    ]


def test_a_file_is_entered(shop: Path, run: Run, tmp_path: Path) -> None:
    """T01, T02: CSV or workbook; codes by hand or made, in the order of the rows."""
    csv = tmp_path / "tiers.csv"
    csv.write_text(HEAD + "Dupont;oui;non;Lyon;D1;411D\nÉlise;non;oui;;E1;\n", encoding="utf-8")
    entered = run("parties", "import", csv, "--json", cwd=shop)
    assert entered.code == 0, entered.err
    assert entered.json["entered"] == [
        {"code": "D1", "accounts": {"customer": "411D"}},
        {"code": "E1", "accounts": {"supplier": "401E1"}},
    ]
    assert run("settings", "set", "codes.mode", "automatic", cwd=shop).code == 0
    book = tmp_path / "tiers.xlsx"
    rows = [["Company name", "customer"], ["Durand", "yes"], ["3M", "yes"], ["Dubois", "yes"]]
    book.write_bytes(write_sheets({"Clients": rows, "Notes": [["x"]]}))
    entered = run("parties", "import", book, "--json", cwd=shop)
    assert [each["code"] for each in entered.json["entered"]] == ["DU000001", "3M000001", "DU000002"]
    assert run("parties", "show", "dubois", "--json", cwd=shop).json["is_customer"]
    roles = tmp_path / "roles.csv"
    roles.write_text("Nom;Fournisseur\nEva;\nUwe;oui\n")
    assert run("parties", "import", roles, "--customer", cwd=shop).code == 0
    assert run("parties", "show", "eva", "--json", cwd=shop).json["is_customer"]
    assert not run("parties", "show", "uwe", "--json", cwd=shop).json["is_customer"]


def test_a_file_is_entered_whole_or_not_at_all(shop: Path, run: Run, tmp_path: Path) -> None:
    """T01: every fault of the file with its row and column, at once; nothing of it was taken."""
    assert run("parties", "add", "--name", "There", "--customer", "--code", "D1", cwd=shop).code == 0
    csv = tmp_path / "tiers.csv"
    csv.write_text(
        "Raison sociale;Client;Fournisseur;Code;SIRET;Compte client;Pays\n"
        "Good;oui;;G1;;;\n"
        ";oui;;G2;;;\n"
        "Nobody;;;G3;;;\n"
        "Twice;oui;;g1;;;\n"
        "Numbers;oui;;G5;12;411;Atlantis\n"
        "Perhaps;peut-être;;G6;;;\n"
        "Strange;oui;;É;;;\n"
    )
    refused = run("parties", "import", csv, cwd=shop)
    assert refused.code == 1
    for place in (
        *(
            "row 3, column Raison sociale",
            "row 4, column Client: It is neither",
            "row 5, column Code: g1 stands in row 2",
        ),
        *("row 6, column SIRET", "row 6, column Pays", "row 7, column Client", "row 8, column Code: «É» is not a code"),
    ):
        assert place in refused.err, refused.err
    against_the_base = tmp_path / "base.csv"
    against_the_base.write_text("Nom;Client;Code;Compte client\nA;oui;d1;\nB;oui;B;411d1\nC;oui;;\nD;oui;D;\n")
    refused = run("parties", "import", against_the_base, cwd=shop)
    assert refused.code == 1
    for said in (
        "row 2, column Code: There is already",
        "row 3, column Compte client: The account 411D1",
        "row 4, column Code",
    ):
        assert said in refused.err, refused.err
    assert "row 5" not in refused.err
    listed = run("parties", "list", "--json", cwd=shop).json["parties"]
    assert [row["code"] for row in listed] == ["D1"]


def test_doctor_sees_lost_words(shop: Path, run: Run) -> None:
    """D15: what a search cannot find any more is told, with the cure."""
    assert run("parties", "add", "--name", "Dupont", "--customer", "--code", "D1", cwd=shop).code == 0
    checks = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}
    assert checks["Search"]["ok"]
    assert checks["Codes"]["ok"]
    import sqlite3

    with sqlite3.connect(shop / "site.db") as connection:
        connection.execute("DELETE FROM party_word")
    checks = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}
    assert not checks["Search"]["ok"]
    assert "parties reindex" in checks["Search"]["cure"]
    assert run("parties", "reindex", cwd=shop).code == 0
    assert run("parties", "find", "dup", "--json", cwd=shop).json["found"][0]["code"] == "D1"
