"""`mailbox` and `relay`: the account is kept, its password is never shown (G21, G22)."""

from pathlib import Path

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Mailbox, Relay
from intergestan_runtime.secrets import Sealer
from tests.services.cli.conftest import Run

ACCOUNT = ("--host", "imap.fournisseur.com", "--login", "appros@arts.test")


def test_a_mailbox_with_its_password_sealed(shop: Path, run: Run) -> None:
    """G22: the dialog's fields, as options."""
    added = run("mailbox", "add", "appros", *ACCOUNT, "--password-stdin", "--untested", cwd=shop, stdin="s3cret\n")
    assert added.code == 0, added.err
    listed = run("mailbox", "list", "--json", cwd=shop)
    (mailbox,) = listed.json
    assert (mailbox["port"], mailbox["security"], mailbox["has_sealed_password"]) == (993, "tls", True)
    assert "s3cret" not in listed.out
    database = Database(f"sqlite:///{shop / 'site.db'}")
    with database.read() as connection:
        sealed = connection.execute(select(Mailbox.sealed)).scalar_one()
    database.dispose()
    assert sealed is not None
    assert b"s3cret" not in sealed
    assert Sealer.from_file(shop / "base.key").open(sealed.decode(), about="appros") == b"s3cret"


def test_a_relay_with_a_secret_file(shop: Path, run: Run) -> None:
    (shop / "secrets" / "smtp").write_text("s3cret\n")
    (shop / "secrets" / "smtp").chmod(0o600)
    done = run("relay", "set", "--host", "smtp.x.test", "--login", "a", "--secret", "smtp", "--untested", cwd=shop)
    assert done.code == 0, done.err
    (relay,) = run("relay", "show", "--json", cwd=shop).json
    assert (relay["secret"], relay["port"]) == ("smtp", 465)
    assert run("relay", "set", "--host", "127.0.0.1", "--security", "none", "--untested", cwd=shop).code == 0
    database = Database(f"sqlite:///{shop / 'site.db'}")
    with database.read() as connection:
        rows = connection.execute(select(Relay.host, Relay.port, Relay.secret)).all()
    database.dispose()
    assert [tuple(row) for row in rows] == [("127.0.0.1", 25, None)]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("relay", "set", "--host", "smtp.x.test", "--security", "none"), 1, "TLS"),
        (("mailbox", "add", "a", *ACCOUNT), 2, "--password-stdin"),
        (("mailbox", "add", "a", *ACCOUNT, "--secret", "none"), 78, "missing"),
        (("mailbox", "add", "a", *ACCOUNT, "--port", "99999", "--password-stdin"), 2, "port"),
        (("mailbox", "add", "a", "--login", "x"), 2, "--host"),
    ],
)
def test_accounts_that_cannot_be(shop: Path, run: Run, arguments: tuple[str, ...], code: int, word: str) -> None:
    refused = run(*arguments, cwd=shop, stdin="s3cret\n")
    assert refused.code == code
    assert word in refused.err
    assert run("mailbox", "list", "--json", cwd=shop).json == []
