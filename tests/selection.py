"""Which tests run, and in which order: a plugin of pytest, loaded by `tests/conftest.py`.

`make quick` (`--quick`) runs what needs no server: the libraries, on SQLite, and of the services what is pure. That is
read from the types of the fixtures; a test that starts a server in another way is skipped when it does.

`make test` leaves out what is marked `campaign`, and of a test marked `mainly_on("postgresql")` the form on SQLite.

`make campaign` (`-m campaign`) runs what is marked so; the tests marked `mainly_on`, on both kinds of base; those
marked `race`, twenty times each; and those that Hypothesis leads, with the examples of its profile.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS
from tests.servers.process import ServerProcess

TESTS = Path(__file__).parent
LIBRARIES = TESTS.parent / "libs"

LONGEST = ("journey", "monitoring", "services", "pipeline")
"""Folders with files that take minutes, the longest first; all others take seconds. Whoever is left with a journey at
the end works alone."""

ROUNDS = 20
"""Of each race in a campaign. `make test` runs one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what needs no server (`make quick`)")


def pytest_configure(config: pytest.Config) -> None:
    ServerProcess.may_start = not config.getoption("--quick")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if _is_campaign(metafunc.config) and metafunc.definition.get_closest_marker("race"):
        metafunc.fixturenames.append(race_round.__name__)
        metafunc.parametrize(race_round.__name__, range(ROUNDS), indirect=True)


@pytest.fixture
def race_round(request: pytest.FixtureRequest) -> int:
    """Which round of a race this is."""
    return int(request.param)


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the marks
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    belongs = _is_of_the_campaign if _is_campaign(config) else _is_left_to_the_campaign
    for item in items:
        if belongs(item):
            item.add_marker(pytest.mark.campaign)
    if config.getoption("--quick"):
        quick = list(map(_is_quick, items))
        config.hook.pytest_deselected(items=[item for item, is_quick in zip(items, quick, strict=True) if not is_quick])
        items[:] = [item for item, is_quick in zip(items, quick, strict=True) if is_quick]
    items.sort(key=_turn)  # stable: within a folder the order stays the random one


def _is_campaign(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "campaign")


def _is_of_the_campaign(item: pytest.Item) -> bool:
    is_led = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    is_on_both = item.get_closest_marker("mainly_on") is not None and _kind(item) is not None
    return is_led or is_on_both or item.get_closest_marker("race") is not None


def _is_left_to_the_campaign(item: pytest.Item) -> bool:
    """Whether a test runs on the kind of base that is not its main one."""
    mark, kind = item.get_closest_marker("mainly_on"), _kind(item)
    return mark is not None and kind is not None and kind != mark.args[0]


def _kind(item: pytest.Item) -> str | None:
    """The kind of base that the test runs on, if it may run on either."""
    return next((kind for kind in KINDS if kind in _parameters(item)), None)


def _turn(item: pytest.Item) -> int:
    top = item.path.relative_to(TESTS).parts[0]
    return LONGEST.index(top) if top in LONGEST else len(LONGEST)


def _is_quick(item: pytest.Item) -> bool:
    top, *inner = item.path.relative_to(TESTS).parts
    fixtures = _fixtures(item)
    if top == "services":
        return all(map(_is_of_pytest, fixtures))
    is_library = not inner or (LIBRARIES / f"intergestan_{top}").is_dir()
    return is_library and not any(map(_hands_out_server, fixtures)) and _kind(item) != "postgresql"


def _parameters(item: pytest.Item) -> Sequence[Any]:
    found = getattr(item, "callspec", None)
    return list(found.params.values()) if found else []


def _fixtures(item: pytest.Item) -> list[pytest.FixtureDef[Any]]:
    """Those that the test asks for, and those that these ask for; not those that every test of a folder has."""
    assert isinstance(item, pytest.Function)
    found = [definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values()]
    return [fixture for fixture in found if not fixture._autouse]


def _is_of_pytest(fixture: pytest.FixtureDef[Any]) -> bool:
    return not fixture.func.__module__.startswith(f"{TESTS.name}.")


def _hands_out_server(fixture: pytest.FixtureDef[Any]) -> bool:
    return _names_server(typing.get_type_hints(fixture.func).get("return"))


def _names_server(hint: object) -> bool:
    """Whether a type is a server of ours or made of one, as `Iterator[RedisServer]` is."""
    if isinstance(hint, type) and issubclass(hint, ServerProcess):
        return True
    return any(map(_names_server, typing.get_args(hint)))
