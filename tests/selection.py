"""Which tests run, and in which order: a plugin of pytest, loaded by `tests/conftest.py`.

`make quick` (`--quick`) runs what needs no server: the libraries, on SQLite, without races, and of the services what is
pure. That is read from the types of the fixtures; a test that starts a server in another way is skipped when it does.
What costs as much as hundreds of others, such as walks through all old schemas, or starts processes of ours, is marked
`not_quick`.

`make test` leaves out what is marked `campaign`, and of a test marked `mainly_on("postgresql")` the form on SQLite,
unless it is a `race`.

`make campaign` (`-m campaign`) runs what is marked so; the tests marked `mainly_on`, on both kinds of base; those
marked `race`, twenty times each; and those that Hypothesis leads, with the examples of its profile.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS
from tests.servers.process import ServerProcess

TESTS = Path(__file__).parent
LIBRARIES = TESTS.parent / "libs"

SERVICES = "services"

LONGEST = ("journey", "simulator", "chaos", "monitoring", SERVICES, "pipeline")
"""Folders with files that take minutes, the longest first; all others take seconds. Whoever is left with a journey at
the end works alone."""

ROUNDS = 20
"""Of each race in a campaign. `make test` runs one."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what needs no server (`make quick`)")


def pytest_configure(config: pytest.Config) -> None:
    ServerProcess.may_start = not config.getoption("--quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make quick` does not look into folders of which it takes nothing: to import them takes seconds."""
    is_one = collection_path.parent == TESTS and collection_path.is_dir() and collection_path.name != SERVICES
    return True if config.getoption("--quick") and is_one and not _is_library(collection_path.name) else None


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
    mark = _mark_campaign if _is_campaign(config) else _mark_what_is_left_to_the_campaign
    mark(items)
    if config.getoption("--quick"):
        quick = list(map(_is_quick, items))
        config.hook.pytest_deselected(items=[item for item, is_quick in zip(items, quick, strict=True) if not is_quick])
        items[:] = [item for item, is_quick in zip(items, quick, strict=True) if is_quick]
    items.sort(key=_turn)  # stable: within a folder the order stays the random one


def _is_campaign(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "campaign")


def _mark_campaign(items: Sequence[pytest.Item]) -> None:
    on_either = {id(item) for item, _kind in _on_either_kind(items)}
    for item in items:
        is_led_by_hypothesis = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_led_by_hypothesis or id(item) in on_either or item.get_closest_marker("race"):
            item.add_marker(pytest.mark.campaign)


def _mark_what_is_left_to_the_campaign(items: Sequence[pytest.Item]) -> None:
    for item, is_main in _on_either_kind(items):
        if not is_main and not item.get_closest_marker("race"):
            item.add_marker(pytest.mark.campaign)


def _on_either_kind(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    """Each test marked `mainly_on` that runs on both kinds of base, and whether this is the main one."""
    marked = [(item, mark.args[0], _kind(item)) for item in items if (mark := item.get_closest_marker("mainly_on"))]
    on_main = {_function(item) for item, main, kind in marked if kind == main}
    for item, main, kind in marked:
        if kind is not None and _function(item) in on_main:
            yield item, kind == main


def _kind(item: pytest.Item) -> str | None:
    """The kind of base that a test runs on by one of its parameters."""
    return next((kind for kind in KINDS if kind in _parameters(item)), None)


def _function(item: pytest.Item) -> tuple[Path, str]:
    return item.path, getattr(item, "originalname", item.name)


def _turn(item: pytest.Item) -> int:
    top = item.path.relative_to(TESTS).parts[0]
    return LONGEST.index(top) if top in LONGEST else len(LONGEST)


def _is_quick(item: pytest.Item) -> bool:
    top, *inner = item.path.relative_to(TESTS).parts
    if item.get_closest_marker("not_quick"):
        return False
    fixtures = _fixtures(item)
    if top == SERVICES:
        return all(map(_is_pure, fixtures))
    is_library = _is_library(top) if inner else not _is_of_the_tests(item)
    is_light = _kind(item) != "postgresql" and not item.get_closest_marker("race")
    return is_library and is_light and not any(map(_hands_out_server, fixtures))


def _is_library(folder: str) -> bool:
    """Whether a folder of tests has those of a library."""
    return (LIBRARIES / f"intergestan_{folder}").is_dir()


def _is_of_the_tests(item: pytest.Item) -> bool:
    """Whether a file at the top tests what the tests are made of: `test_servers.py`."""
    subject = TESTS / item.path.stem.removeprefix("test_")
    return subject.is_dir() or subject.with_suffix(".py").exists()


def _parameters(item: pytest.Item) -> Sequence[Any]:
    found = getattr(item, "callspec", None)
    return list(found.params.values()) if found else []


def _fixtures(item: pytest.Item) -> list[pytest.FixtureDef[Any]]:
    """Those that the test asks for, and those that these ask for; not those that every test of a folder has."""
    assert isinstance(item, pytest.Function)
    found = [definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values()]
    return [fixture for fixture in found if not fixture._autouse]


def _is_pure(fixture: pytest.FixtureDef[Any]) -> bool:
    """Whether it is pytest's own, and no folder."""
    return not fixture.func.__module__.startswith(f"{TESTS.name}.") and not fixture.argname.startswith("tmp_path")


def _hands_out_server(fixture: pytest.FixtureDef[Any]) -> bool:
    return _gives_server(fixture.func)


@cache  # thousands of tests have the same few
def _gives_server(function: Callable[..., Any]) -> bool:
    return _names_server(typing.get_type_hints(function).get("return"))


def _names_server(hint: object) -> bool:
    """Whether a type is a server of ours or made of one, as `Iterator[RedisServer]` is."""
    if isinstance(hint, type) and issubclass(hint, ServerProcess):
        return True
    return any(map(_names_server, typing.get_args(hint)))
