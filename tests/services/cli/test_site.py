"""`init`, `upgrade`, `user`, `site card`: a site is made once, and only its own key opens it."""

import os
import signal
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.published import CARD
from intergestan_db.tables import Published, Site
from intergestan_msg.card import read_card
from intergestan_msg.seal import SigningKey
from intergestan_operations.opening.opening import is_made
from services.cli.__main__ import globals_first
from services.composer.card import CardPublisher
from services.composer.key_ring import ring_of
from tests import warm
from tests.patience import PATIENCE
from tests.services.cli.conftest import FIRST_SIRET, Run
from tests.services.cli.exchange import base, rows
from tests.tester_disk import ROOMY

INIT = ("init", "--name", "Arts", "--orders-address", "a@arts.test")


def test_a_new_site(shop: Path, run: Run) -> None:
    assert {file.name for file in shop.iterdir()} == {
        *("intergestan.toml", "site.db", "site.key", "base.key", "bounce.key", "console.key", "secrets"),
    }
    for name in ("site.key", "base.key", "bounce.key", "console.key", "intergestan.toml"):
        assert stat.S_IMODE((shop / name).stat().st_mode) == 0o600
    configuration = tomllib.loads((shop / "intergestan.toml").read_text())
    assert configuration == {
        "alone": True,
        "site": {"data_dir": ".", "language": "en", **ROOMY},
        "cli": {"user": "marie"},
    }, "what the environment says is kept, as what it is"
    (user,) = run("user", "list", "--json", cwd=shop).json
    assert (user["login"], user["name"], user["email"]) == ("marie", "marie", "commandes@arts.test")
    assert (user["active"], user["roles"]) == (True, ["clerk", "operator", "administrator", "accountant"])


def test_the_site_is_found_from_anywhere(shop: Path, run: Run, tmp_path: Path) -> None:
    listed = run("--config", shop / "intergestan.toml", "user", "list", cwd=tmp_path)
    assert "marie" in listed.out


def test_a_second_site_in_the_same_base_is_refused(shop: Path, run: Run) -> None:
    key = (shop / "site.key").read_bytes()
    again = run(*INIT, "--data-dir", shop)
    assert again.code == 1
    assert "a site in" in again.err
    assert (shop / "site.key").read_bytes() == key


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "There is a site in"),
        (("--data-dir", "new", "--siret", "123"), "«123»"),
        (("--data-dir", "new", "--currency", "franc"), "is not a currency"),
        (("--data-dir", "new", "--from-copy", "nothing.db"), "nothing.db"),
        (("--data-dir", "new", "--user-email", "marie"), "«marie» is not a mail address"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    shop: Path, run: Run, options: tuple[str, ...], words: str
) -> None:
    refused = run("init", *options, cwd=shop)
    assert refused.code == 1
    assert words in refused.err
    assert not (shop / "new").exists()
    assert "--name" in run("init", "--data-dir", "new", cwd=shop).err


def test_a_key_file_that_holds_no_key(shop: Path, run: Run) -> None:
    (shop / "site.key").write_text("garbage")
    refused = run("user", "list", cwd=shop)
    assert refused.code == 78
    assert "from a backup" in refused.err


def test_an_init_that_was_cut_can_be_run_again(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    init = [*INIT, "--data-dir", str(folder)]
    dying = {**os.environ, "INTERGESTAN_CRASH": "commit:2"}
    cut = warm.run([sys.executable, "-m", "services.cli", *init], env=dying, cwd=tmp_path, timeout=PATIENCE)
    assert cut.returncode == -signal.SIGKILL
    key, configuration = ((folder / name).read_bytes() for name in ("site.key", "intergestan.toml"))
    assert run(*init).code == 0
    assert (folder / "site.key").read_bytes() == key
    assert (folder / "intergestan.toml").read_bytes() == configuration


def test_what_cannot_be_a_login_makes_nothing(run: Run, tmp_path: Path) -> None:
    for wrong in (("--login", "not a login"), ("--user-name", "\x1b[31mMarie"), ("--name", "A\u202eB")):
        assert run(*INIT, *wrong, "--data-dir", tmp_path / "new").code == 1
        assert not (tmp_path / "new").exists()


def test_nothing_is_asked_without_a_terminal(run: Run, tmp_path: Path) -> None:
    refused = run("init", "--name", "Arts")
    assert refused.code == 2
    assert "--orders-address" in refused.err
    assert not (tmp_path / "site.db").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--siret", "123"),
        ("--orders-address", "nobody"),
        ("--country", "ATLANTIS"),
        ("--user-email", "x"),
        ("--vat", "1"),
    ],
)
def test_wrong_values_leave_nothing_behind(run: Run, tmp_path: Path, options: tuple[str, str]) -> None:
    folder = tmp_path / "new"
    refused = run(*INIT, "--data-dir", folder, *options)
    assert refused.code == 1
    assert options[1] in refused.err
    assert not folder.exists()


def test_a_wrong_check_digit_is_worth_a_word(run: Run, tmp_path: Path) -> None:
    made = run(*INIT, "--data-dir", tmp_path / "new", "--siret", "12345678901234")
    assert made.code == 0
    assert "check digit" in made.err


def test_a_base_on_postgresql(run: Run, tmp_path: Path, postgres_url: str) -> None:
    folder = tmp_path / "new"
    assert run(*INIT, "--data-dir", folder, "--database-url", postgres_url).code == 0
    configuration = tomllib.loads((folder / "intergestan.toml").read_text())
    assert configuration["site"]["database_url"] == postgres_url
    assert run("user", "list", cwd=folder).code == 0
    assert not (folder / "site.db").exists()


def test_the_configuration_says_where(shop: Path, run: Run, tmp_path: Path) -> None:
    refused = run("--config", shop / "intergestan.toml", *INIT, "--data-dir", tmp_path / "other")
    assert refused.code == 1
    assert "intergestan.toml" in refused.err
    assert not (tmp_path / "other").exists()


def test_another_key_is_refused(shop: Path, run: Run) -> None:
    """A copied base is not a second site (design.md §6)."""
    (shop / "site.key").write_bytes(SigningKey.generate().to_pem())
    refused = run("user", "list", cwd=shop)
    assert refused.code == 78
    assert "not the key" in refused.err


def test_no_site(run: Run) -> None:
    refused = run("user", "list")
    assert refused.code == 78
    assert "intergestan init" in refused.err
    assert "Traceback" not in refused.err


def test_looking_for_a_base_does_not_make_it(tmp_path: Path) -> None:
    assert not is_made(Database(f"sqlite:///{tmp_path / 'none.db'}"))
    assert not (tmp_path / "none.db").exists()


def test_a_wrong_configuration(shop: Path, run: Run) -> None:
    file = shop / "intergestan.toml"
    file.write_text(file.read_text() + "[site]\ndata_dirr = 1\n".replace("[site]\n", '[log]\nlevl = "INFO"\n'))
    refused = run("user", "list", cwd=shop)
    assert refused.code == 78
    assert "levl" in refused.err
    assert "line" in refused.err


def test_an_old_base_is_refused_until_it_is_upgraded(shop: Path, run: Run) -> None:
    database = Database(f"sqlite:///{shop / 'site.db'}")
    with database.transaction() as connection:
        newest = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert run("user", "list", cwd=shop).code == 78
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (newest,))
    database.dispose()
    upgraded = run("upgrade", cwd=shop)
    assert upgraded.code == 0
    assert newest in upgraded.err


def test_upgrade_makes_no_base(run: Run) -> None:
    assert run("upgrade").code == 78


def test_users(shop: Path, run: Run) -> None:
    """G15: who acts is a user of the site, whose address is the From."""
    assert run("user", "add", "paul", "--email", "paul@arts.test", "--name", "Paul", cwd=shop).code == 0
    assert [user["login"] for user in run("user", "list", "--json", cwd=shop).json] == ["marie", "paul"]
    assert run("user", "add", "paul", "--email", "paul@arts.test", cwd=shop).code == 1
    refused = run("user", "add", "eve", "--email", "eve@arts.test", "--as", "nobody", cwd=shop)
    assert refused.code == 1
    assert "nobody" in refused.err


def test_the_card(shop: Path, run: Run) -> None:
    printed = run("site", "card", cwd=shop)
    card = read_card(printed.out)
    assert (card.code, card.name, card.orders_address) == (FIRST_SIRET, "Arts de la Table", "commandes@arts.test")
    assert " ".join(card.key.words()) in printed.err
    told = run("site", "card", "--json", cwd=shop).json
    assert (told["kid"], told["fingerprint"]) == (card.key.kid, " ".join(card.key.words()))


def published(folder: Path) -> str:
    (card,) = (row.value for row in rows(folder, Published) if row.name == CARD)
    return str(card)


def test_who_cannot_read_the_key_shows_the_card_that_the_composer_published(shop: Path, run: Run) -> None:
    ring = ring_of(shop / "site.key")
    with base(shop) as database:
        publisher = CardPublisher(database, ring)
        publisher.publish()
        first = published(shop)
        publisher.publish()
        (shop / "site.key").rename(shop / "elsewhere")
        printed = run("site", "card", cwd=shop)
        assert (printed.code, printed.out.strip()) == (0, first)
        with database.transaction() as connection:
            connection.execute(update(Site).values(answers_address="new@arts.test"))
        publisher.publish()
        assert read_card(run("site", "card", cwd=shop).out).answers_address == "new@arts.test"
        with database.transaction() as connection:
            connection.execute(update(Published).where(Published.name == CARD).values(value="no card"))
        publisher.publish()
        assert read_card(published(shop)).name == "Arts de la Table"
        with database.transaction() as connection:
            connection.execute(update(Site).values(key_fingerprint="x" * 43))
        publisher.publish()  # says that it cannot: another key signs, and is not there
    assert run("site", "card", cwd=shop).code == 1


def test_a_key_that_others_may_read_signs_no_card(shop: Path, run: Run) -> None:
    (shop / "site.key").chmod(0o644)
    refused = run("site", "card", cwd=shop)
    assert refused.code == 78
    assert "chmod 600" in refused.err


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        (["user", "list", "--as", "x"], ["--as", "x", "user", "list"]),
        (["user", "--config=a", "list"], ["--config=a", "user", "list"]),
        (["a", "--", "--as", "x"], ["a", "--", "--as", "x"]),
        (["a", "--as"], ["--as", "a"]),
    ],
)
def test_options_of_the_whole_program_may_stand_anywhere(given: list[str], ordered: list[str]) -> None:
    assert globals_first(given) == ordered


def test_what_nobody_foresaw_is_one_paragraph(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("intergestan_erp.site.setup.list_users", explode)
    failed = run("user", "list", cwd=shop)
    assert failed.code == 1
    assert "boom" in failed.err
    assert "Traceback" not in failed.err


def test_a_base_that_does_not_answer(shop: Path, run: Run) -> None:
    (shop / "site.db").write_bytes(b"this is no database" * 100)
    failed = run("user", "list", cwd=shop)
    assert failed.code == 75
    assert "doctor" in failed.err
    assert "Traceback" not in failed.err
