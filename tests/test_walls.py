"""Nobody imports what they may not: libraries point down, services stand alone, rooms say whom they know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.walls import LIBRARIES, between_rooms, between_services, up_or_aside

ROOT = Path(__file__).parents[1]


def test_a_library_imports_only_what_it_may() -> None:
    assert up_or_aside(ROOT / "libs") == []


def test_a_service_imports_no_other_service() -> None:
    assert between_services(ROOT / "services") == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_rooms_import_what_they_say_and_no_circle_is_left(library: str) -> None:
    assert between_rooms(ROOT / "libs" / library) == []


def build(folder: Path, files: Mapping[str, str]) -> Path:
    """A tree of Python files."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


SOUND = {
    "__init__.py": '"""A library.\n\n`money.py` may import: nothing.\n`price.py` may import: money.\n"""',
    "money.py": "import decimal",
    "price.py": "from shop.money import Money",
    "orders/__init__.py": '"""Orders.\n\nMay import: money,\nprice.\n"""',
    "orders/order.py": "from shop import price\nfrom shop.orders.line import Line",
    "orders/deep/rule.py": "from shop.money import Money",
    "orders/line.py": "import shop.money",
}
"""A library in which all is well."""


def test_a_sound_library_has_nothing_wrong(tmp_path: Path) -> None:
    assert between_rooms(build(tmp_path / "shop", SOUND)) == []


@pytest.mark.parametrize(
    ("file", "text", "wrong"),
    [
        ("money.py", "from shop import orders", ["money imports orders and does not say so", "circle: "]),
        (
            "money.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.price import Price",
            ["money imports price and does not say so", "circle: "],
        ),
        (
            "money.py",
            "def late():\n    from shop.price import Price",
            ["money imports price and does not say so", "circle: "],
        ),
        ("price.py", "", ["price says that it may import money and does not"]),
        ("orders/order.py", "", ["orders says that it may import price and does not"]),
        ("orders/__init__.py", '"""Orders."""', ["orders does not say what it may import"]),
        ("orders/__init__.py", '"""`orders.py` may import: money, price."""', ["orders does not say"]),
        ("stock.py", "", ["stock does not say what it may import"]),
        ("stock/shelf.py", "", ["stock does not say what it may import"]),
        ("money.py", "import shop.orders.deep.rule", ["money imports orders and does not say so", "circle: "]),
        ("__init__.py", '"""A library.\n\n`money.py` may import: nothing.\n"""', ["price does not say"]),
        ("__init__.py", SOUND["__init__.py"] + "\nfrom shop.money import Money", ["__init__ does not say"]),
        (
            "__init__.py",
            SOUND["__init__.py"].replace("nothing.\n", "nothing.\n`gone.py` may import: nothing.\n"),
            ["gone is no room"],
        ),
    ],
)
def test_what_is_wrong_with_a_room_is_said(tmp_path: Path, file: str, text: str, wrong: list[str]) -> None:
    found = between_rooms(build(tmp_path / "shop", {**SOUND, file: text}))
    assert len(found) == len(wrong), found
    for one, start in zip(found, wrong, strict=True):
        assert one.startswith(start), found


def test_a_circle_that_all_agree_to_is_one(tmp_path: Path) -> None:
    said = '"""A library.\n\n`money.py` may import: price.\n`price.py` may import: money.\n"""'
    money = "def late():\n    from shop.price import Price"
    (circle,) = between_rooms(build(tmp_path / "shop", {**SOUND, "__init__.py": said, "money.py": money}))
    assert circle in {"circle: money → price → money", "circle: price → money → price"}


@pytest.mark.parametrize(
    ("file", "text", "wrong"),
    [
        ("intergestan_msg/order.py", "from intergestan_db import states", "imports intergestan_db"),
        ("intergestan_msg/order.py", "import intergestan_runtime.logs", "imports intergestan_runtime"),
        ("intergestan_runtime/logs.py", "from intergestan_msg.order import Order", "imports intergestan_msg"),
        ("intergestan_db/states.py", "from intergestan_erp.selling import sales", "imports intergestan_erp"),
        ("intergestan_erp/selling/sales.py", "from intergestan_runtime import logs", "imports intergestan_runtime"),
        ("intergestan_erp/selling/sales.py", "import intergestan_exchange", "imports intergestan_exchange"),
        ("intergestan_exchange/inbox/read.py", "import intergestan_operations", "imports intergestan_operations"),
        ("intergestan_operations/opening/opening.py", "from services.cli import app", "imports services"),
        ("intergestan_operations/opening/opening.py", "from tests import clock", "imports tests"),
    ],
)
def test_an_arrow_that_points_up_is_said(tmp_path: Path, file: str, text: str, wrong: str) -> None:
    libs = build(tmp_path, {f"{library}/__init__.py": "" for library in LIBRARIES})
    assert up_or_aside(libs) == []
    assert up_or_aside(build(libs, {file: text})) == [f"{file} {wrong}"]


def test_a_library_of_no_rank_is_said(tmp_path: Path) -> None:
    assert up_or_aside(build(tmp_path, {"intergestan_more/__init__.py": ""})) == [
        "intergestan_more is no library of the house"
    ]


def test_an_import_of_another_service_is_said(tmp_path: Path) -> None:
    files = {
        "poller/__init__.py": "from services.poller.worker import Poller",
        "poller/worker.py": "import intergestan_operations",
        "poller2/__init__.py": "def late():\n    from services.poller import worker",
        "sender/__init__.py": "from services import poller",
    }
    assert between_services(build(tmp_path, files)) == [
        "poller2/__init__.py imports services.poller",
        "poller2/__init__.py imports services.poller.worker",
        "sender/__init__.py imports services.poller",
    ]
