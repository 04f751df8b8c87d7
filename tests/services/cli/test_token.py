"""`token`: what programs open the API with; and that `--json` and the API show the same of one base."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from sqlalchemy import update

from intergestan_db.enums import Scope
from intergestan_db.tables import ApiToken, Event
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, rows
from tests.services.console.browser import Browser
from tests.services.console.programs import Program


def test_a_token_is_shown_once(shop: Path, run: Run) -> None:
    run("user", "add", "paul", "--email", "paul@arts.test", cwd=shop)
    made = run("token", "add", "paul", "erp", "--scope", "orders:read,sales:read", "--as", "marie", cwd=shop)
    secret = made.out.strip()
    assert made.code == 0
    assert secret.startswith("ig_")
    assert "http://127.0.0.1:8470/api/v1" in made.err
    listed = run("token", "list", "--json", cwd=shop)
    assert secret not in listed.out
    (told,) = listed.json
    assert (told["login"], told["name"], told["scopes"]) == ("paul", "erp", ["orders:read", "sales:read"])
    assert secret.startswith(f"ig_{told['prefix']}_")
    assert secret[12:] not in (shop / "site.db").read_bytes().decode("latin-1")
    assert "erp" in run("token", "list", "--login", "paul", cwd=shop).out
    assert "opens nothing" in run("token", "revoke", "paul", "erp", "--as", "marie", cwd=shop).err
    assert "had ended" in run("token", "revoke", "paul", "erp", "--as", "marie", cwd=shop).err
    assert run("token", "revoke", "paul", "none", "--as", "marie", cwd=shop).code != 0


def test_only_an_administrator_makes_one(shop: Path, run: Run) -> None:
    run("user", "add", "paul", "--email", "paul@arts.test", cwd=shop)
    assert run("token", "add", "paul", "erp", "--scope", "orders:read", "--as", "paul", cwd=shop).code != 0
    assert "may not give" in run("token", "revoke", "paul", "erp", "--as", "paul", cwd=shop).err
    assert run("token", "list", "--json", cwd=shop).json == []


@pytest.mark.parametrize("arguments", [("--scope", "all"), ("--scope", "orders:read", "--days", "400"), ()])
def test_what_no_token_is_made_of(shop: Path, run: Run, arguments: tuple[str, ...]) -> None:
    refused = run("token", "add", "marie", "erp", *arguments, "--as", "marie", cwd=shop)
    assert refused.code == 2, refused.err
    if arguments[-1:] == ("all",):
        assert "catalogue:write" in refused.err


@contextmanager
def api_of(folder: Path, run: Run) -> Iterator[Program]:
    """A program of Marie's for everything, before the console of a folder's site."""
    scopes = ",".join(Scope)
    made = run("token", "add", "marie", "erp", "--scope", scopes, "--as", "marie", "--json", cwd=folder).json
    with base(folder) as database, start_blocking_portal() as portal:
        console = Console(database, ConsoleSettings(), answer_hours=24)
        yield Program(Browser(console.application, portal), made["token"])


def test_the_api_shows_what_json_shows(paired_shop: Path, run: Run) -> None:
    """One set of shapes: the same names and values, but for the sign of UTC and rows' own ids."""
    assert run("orders", "import", "--dates", "any", data("orders.csv"), "--as", "marie", cwd=paired_shop).code == 0
    number = rows_of(run, paired_shop, "orders", "list")[0]["number"]
    compared = {
        "/purchase-orders?limit=200": rows_of(run, paired_shop, "orders", "list"),
        "/partners": rows_of(run, paired_shop, "partner", "list"),
        "/events?limit=200": run("log", "--limit", "200", "--json", cwd=paired_shop).json["events"],
        f"/purchase-orders/{number}": run("orders", "show", number, "--json", cwd=paired_shop).json,
    }
    with api_of(paired_shop, run) as marie:
        for path, shown in compared.items():
            told = marie.get(path).json
            told = told.get("items", told)
            if path.startswith("/events"):
                told = [each for each in told if each["name"] != "token"]
            assert shown
            assert _same(told) == _public(shown), path


def rows_of(run: Run, folder: Path, *command: str) -> Any:
    return run(*command, "--json", cwd=folder).json


def _public(value: Any) -> Any:
    """What `--json` shows, without ids of rows and with one sign of UTC."""
    from services.console.api.values import is_public

    if isinstance(value, dict):
        return {name: _public(each) for name, each in value.items() if is_public(name)}
    return [_public(each) for each in value] if isinstance(value, list) else _same(value)


def _same(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _same(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_same(each) for each in value]
    if isinstance(value, str) and "T" in value:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def test_nothing_of_a_token_is_in_the_base(shop: Path, run: Run) -> None:
    secret = run("token", "add", "marie", "erp", "--scope", "orders:read", "--as", "marie", cwd=shop).out.strip()
    for table in (ApiToken, Event):
        assert secret not in repr(rows(shop, table))


def test_what_a_dump_brought_of_another_server_is_found_and_put_right(shop: Path, run: Run) -> None:
    """Events that say to be of transactions to come here would be told when these have passed."""

    def said() -> list[str]:
        return [each["subject"] for each in run("doctor", "--json", cwd=shop).json]

    subject = "News for programs"
    assert subject not in said()
    with base(shop) as database, database.transaction() as connection:
        connection.execute(update(Event).values(xid=10**12))
    assert subject in said()
    assert run("restored", "--as", "marie", cwd=shop).code == 0
    assert subject not in said()
