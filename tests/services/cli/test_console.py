"""`console`, `user invite` and `user password`: where the pages are, and how a person gets in."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Event, User
from intergestan_erp.people.invitations import take_invitation
from intergestan_runtime.password_hash import is_password
from tests.services.cli.conftest import Run


def test_where_the_pages_are(shop: Path, run: Run) -> None:
    assert run("console", "--json", cwd=shop).json == {"url": "http://127.0.0.1:8470/", "runs": False}
    file = shop / "intergestan.toml"
    file.write_text(f'{file.read_text()}\n[console]\npublic_url = "https://pages.example"\n')
    shown = run("console", cwd=shop)
    assert (shown.code, shown.out) == (0, "https://pages.example/\n")
    assert "does not run" in shown.err


def test_a_new_site_has_a_configuration_of_its_own(shop: Path, run: Run) -> None:
    """`--new` with the site of another folder says so before anything is made."""
    refused = run("--config", str(shop / "intergestan.toml"), "console", "--new", "other", cwd=shop)
    assert (refused.code, "--config or --new" in refused.err) == (2, True), refused.err
    assert not (shop / "other").exists()


def test_a_link_lets_its_person_in(shop: Path, run: Run) -> None:
    run("user", "add", "paul", "--email", "paul@arts.test", cwd=shop)
    assert run("user", "invite", "paul", "--as", "paul", cwd=shop).code != 0, "only an administrator"
    assert run("user", "invite", "nobody", "--as", "marie", cwd=shop).code != 0
    made = run("user", "invite", "paul", "--as", "marie", "--json", cwd=shop).json
    page, _, secret = made["link"].partition("#")
    assert (made["login"], page) == ("paul", "http://127.0.0.1:8470/invitation")
    assert made["code"].replace("-", "") == secret
    database = Database(f"sqlite:///{shop}/site.db")
    with database.transaction() as connection:
        taken = take_invitation(connection, made["code"], database.now())
        assert taken == connection.scalar(select(User.id).where(User.login == "paul"))
        assert secret not in str(connection.execute(select(Event.__table__)).all())
    database.dispose()


def test_a_password_is_read_from_standard_input(shop: Path, run: Run) -> None:
    short = run("user", "password", "marie", "--as", "marie", cwd=shop, stdin="short\n")
    assert (short.code != 0, "12" in short.err) == (True, True)
    assert run("user", "password", "marie", "--as", "marie", cwd=shop, stdin="trois petits chats\n").code == 0
    database = Database(f"sqlite:///{shop}/site.db")
    with database.read() as connection:
        assert is_password(connection.scalar(select(User.password_hash)), b"trois petits chats")
    database.dispose()
