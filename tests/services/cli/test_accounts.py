"""`mailbox` and `relay`: the account is kept, its password is never shown (G21, G22)."""

from pathlib import Path

import pytest
from sqlalchemy import delete, update

from intergestan_db.tables import Mailbox, Published, Relay
from intergestan_runtime.sealed_passwords import is_of_old, open_password
from intergestan_runtime.secrets import Sealer, read_base_key
from tests.services.cli.conftest import Run
from tests.services.cli.exchange import base, rows

ACCOUNT = ("--host", "imap.fournisseur.com", "--login", "appros@arts.test")


def test_a_mailbox_with_its_password_sealed(shop: Path, run: Run) -> None:
    """G22: the dialog's fields, as options."""
    added = run("mailbox", "add", "appros", *ACCOUNT, "--password-stdin", "--untested", cwd=shop, stdin="s3cret\n")
    assert added.code == 0, added.err
    listed = run("mailbox", "list", "--json", cwd=shop)
    (mailbox,) = listed.json
    assert (mailbox["port"], mailbox["security"], mailbox["has_sealed_password"]) == (993, "tls", True)
    assert "s3cret" not in listed.out
    (row,) = rows(shop, Mailbox)
    assert b"s3cret" not in row.sealed
    assert open_password(read_base_key(shop / "base.key"), row.sealed, row) == "s3cret"


def test_who_stores_a_password_needs_no_key(shop: Path, run: Run) -> None:
    """Sealed under the public half: base.key may lie where only the services are that log in."""
    key = read_base_key(shop / "base.key")
    (shop / "base.key").unlink()
    entered = (*ACCOUNT, "--untested")
    for command in (("mailbox", "add", "appros", *entered), ("mailbox", "login", "appros"), ("relay", "set", *entered)):
        done = run(*command, "--password-stdin", cwd=shop, stdin=f"{command[1]}\n")
        assert done.code == 0, done.err
    for row, password in ((rows(shop, Mailbox)[0], "login"), (rows(shop, Relay)[0], "set")):
        assert open_password(key, row.sealed, row) == password
    with base(shop) as database, database.transaction() as connection:
        connection.execute(delete(Published))
    refused = run("relay", "login", "--password-stdin", cwd=shop, stdin="x\n")
    assert (refused.code, "intergestan upgrade" in refused.err) == (1, True)


def test_upgrade_seals_what_an_older_release_stored(shop: Path, run: Run) -> None:
    """Until then it opens as before; what does not open is named, and left as it is."""
    for name in ("appros", "other"):
        assert (
            run("mailbox", "add", name, *ACCOUNT, "--untested", "--password-stdin", cwd=shop, stdin="new\n").code == 0
        )
    assert run("relay", "set", *ACCOUNT, "--untested", "--password-stdin", cwd=shop, stdin="new\n").code == 0
    key, stranger = read_base_key(shop / "base.key"), Sealer(bytes(32)).seal(b"x", about="other").encode()
    with base(shop) as database, database.transaction() as connection:
        old = Sealer(key)
        for table, name in ((Relay, "relay"), (Mailbox, "appros")):
            sealed = old.seal(f"old {name}".encode(), about=name).encode()
            connection.execute(update(table).where(table.name == name).values(sealed=sealed))
        connection.execute(update(Mailbox).where(Mailbox.name == "other").values(sealed=stranger))
        connection.execute(delete(Published))
    before = rows(shop, Relay)[0]
    assert (is_of_old(before.sealed), open_password(key, before.sealed, before)) == (True, "old relay")
    assert "Key of the passwords" in run("doctor", cwd=shop).out
    upgraded = run("upgrade", cwd=shop)
    assert upgraded.code == 0, upgraded.err
    assert "sealed anew: 2" in upgraded.err
    assert "passwords of other" in upgraded.err
    after = {row.name: row for row in (*rows(shop, Relay), *rows(shop, Mailbox))}
    assert {name: is_of_old(row.sealed) for name, row in after.items()} == {
        "relay": False,
        "appros": False,
        "other": True,
    }
    for name in ("relay", "appros"):
        assert open_password(key, after[name].sealed, after[name]) == f"old {name}"
    again = run("upgrade", cwd=shop)
    assert "sealed anew" not in again.err
    (shop / "base.key").unlink()
    without = run("upgrade", cwd=shop)
    assert (without.code, "base.key" in without.err) == (0, True)


def test_a_relay_with_a_secret_file(shop: Path, run: Run) -> None:
    (shop / "secrets" / "smtp").write_text("s3cret\n")
    (shop / "secrets" / "smtp").chmod(0o600)
    done = run("relay", "set", "--host", "smtp.x.test", "--login", "a", "--secret", "smtp", "--untested", cwd=shop)
    assert done.code == 0, done.err
    (relay,) = run("relay", "show", "--json", cwd=shop).json
    assert (relay["secret"], relay["port"]) == ("smtp", 465)
    assert run("relay", "set", "--host", "127.0.0.1", "--security", "none", "--untested", cwd=shop).code == 0
    assert [(row.host, row.port, row.secret) for row in rows(shop, Relay)] == [("127.0.0.1", 25, None)]


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
