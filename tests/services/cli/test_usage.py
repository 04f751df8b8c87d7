"""What is wrong with a command as it was typed, or with a file that it names: exit code, and French and English."""

from pathlib import Path

import pytest
from sqlalchemy import text

from intergestan_db.database import Database
from intergestan_msg.typography import french
from tests.services.cli.conftest import Run


@pytest.mark.parametrize(
    ("typed", "english", "in_french"),
    [
        ("orders list --bogus", "There is no option --bogus.", "L'option --bogus n'existe pas."),
        ("orders list --supp x", "Did you mean --supplier?", "Vouliez-vous dire --supplier ?"),
        ("orders list --json=1", "--json takes no value.", "--json ne prend pas de valeur."),
        ("orders list --from", "--from needs a value.", "--from demande une valeur."),
        ("orders list one two", "There is too much: one two", "Il y a un mot de trop : one two"),
        ("orders import", "FILE … is missing.", "Il manque FICHIER …."),
        ("send", "--supplier is missing.", "Il manque --supplier."),
        ("nonsense", "There is no command nonsense.", "La commande nonsense n'existe pas."),
        ("mailbox set a --poll-seconds x", "«x» is not a whole number.", "«x» n'est pas un nombre entier."),
        ("mailbox set a --poll-seconds 0", "0 is too small: 1 is the least.", "0 est trop petit : 1 au moins."),
        ("poll --timeout x", "--timeout: «x» is not a number.", "--timeout : «x» n'est pas un nombre."),
        (
            "partner set a --acceptance x",
            "--acceptance: «x» is none of accept, review.",
            "--acceptance : «x» n'est pas l'un de accept, review.",
        ),
    ],
)
def test_what_is_typed_wrongly(run: Run, typed: str, english: str, in_french: str) -> None:
    for language, expected in (("en", english), ("fr", french(in_french))):
        ran = run("--lang", language, *typed.split())
        assert (ran.code, ran.out) == (2, "")
        assert expected in ran.err


@pytest.mark.parametrize(
    "typed",
    [
        "mailbox set a --poll-seconds 99999999999999999999",
        "mailbox set a --bytes-per-day 99999999999999999999",
        "mailbox add a --host h --login l --port 65536",
        "relay set --host h --mails-per-minute 99999999999999999999",
        "partner set a --answer-hours 99999999999999999999",
    ],
)
def test_numbers_that_no_base_can_hold(shop: Path, run: Run, typed: str) -> None:
    refused = run(*typed.split(), cwd=shop)
    assert refused.code == 2
    assert "is too large" in refused.err


def test_a_command_that_is_only_begun_shows_its_help(run: Run) -> None:
    ran = run("mailbox")
    assert ran.code == 2
    assert "The mailboxes that are polled." in ran.err


@pytest.mark.parametrize(
    ("file", "words"),
    [("nothing.csv", "n'existe pas"), (".", "c'est un dossier"), ("intergestan.toml/a.csv", "est un fichier")],
)
def test_a_file_that_cannot_be_read(shop: Path, run: Run, file: str, words: str) -> None:
    ran = run("--lang", "fr", "orders", "import", file, cwd=shop)
    assert ran.code == 1
    assert words in ran.err


def test_a_file_that_cannot_be_written_is_called_by_its_name(shop: Path, run: Run) -> None:
    ran = run("catalog", "export", "nowhere/catalogue.zip", cwd=shop)
    assert ran.code == 1
    assert ran.err == "nowhere/catalogue.zip: there is no such file or folder.\n"


@pytest.mark.parametrize("content", ["", "nonsense", "a.b.c"])
def test_a_file_that_is_no_card(shop: Path, run: Run, content: str) -> None:
    (shop / "theirs.card").write_text(content)
    ran = run("partner", "add", "theirs.card", cwd=shop)
    assert ran.code == 1
    assert "intergestan site card" in ran.err


def test_a_kind_of_base_that_we_do_not_know(run: Run, tmp_path: Path) -> None:
    ran = run("init", "--name", "A", "--orders-address", "a@b.test", "--database-url", "mysql://host/base")
    assert ran.code == 78
    assert "postgresql+psycopg://user@host/base" in ran.err
    assert not (tmp_path / "intergestan.toml").exists()


@pytest.mark.parametrize("command", [("orders", "list"), ("upgrade",)])
def test_a_base_of_a_later_release_is_left_alone(shop: Path, run: Run, command: tuple[str, ...]) -> None:
    with Database(f"sqlite:///{shop}/site.db").transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    ran = run(*command, cwd=shop)
    assert ran.code == 78
    assert "of a later release" in ran.err


def test_events_are_told_in_words(paired_shop: Path, run: Run) -> None:
    (paired_shop / "one.csv").write_text(
        "ID Pièce;Date;Fournisseur;Produit;Quantité\nCFR1;20/11/2026;STAUBER;CAS-16;1\n"
    )
    assert run("orders", "import", "--dates", "any", "one.csv", cwd=paired_shop).code == 0
    shown = run("--lang", "fr", "orders", "show", "CFR1", cwd=paired_shop)
    assert "commande saisie" in shown.out


def test_very_many_numbers_are_not_all_listed(paired_shop: Path, run: Run) -> None:
    rows = [f"CFR{number};20/11/2026;STAUBER;CAS-16;1;15,00" for number in range(1, 61)]
    (paired_shop / "many.csv").write_text("\n".join(["ID Pièce;Date;Fournisseur;Produit;Quantité;Prix", *rows]))
    entered = run("orders", "import", "--dates", "any", "many.csv", cwd=paired_shop)
    assert entered.err == "many.csv: entered CFR1, CFR2, …, CFR60 (60).\n"
