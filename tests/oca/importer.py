"""OCA's parser of UBL orders, without Odoo: its classes as its modules define them, put together as Odoo would.

What is stubbed is names: `odoo.models` has bases without behaviour, `odoo.api` decorators that do nothing, `odoo.tools`
the few functions that the parsers call. Not one line of the parsers is ours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from lxml import etree

_SOURCES = {
    "base.ubl": (
        ("odoo-addon-base-ubl", "base_ubl/models/ubl.py"),
        ("odoo-addon-base-ubl-parse", "base_ubl_parse/models/ubl.py"),
    ),
    "sale.order.import": (
        ("odoo-addon-sale-order-import", "sale_order_import/wizard/sale_order_import.py"),
        ("odoo-addon-sale-order-import-ubl", "sale_order_import_ubl/wizard/sale_order_import.py"),
    ),
}
"""The model of Odoo → the files that define it, the one that it began with first."""


class Refused(Exception):
    """What `odoo.exceptions.UserError` is here: the importer refuses the document, in words for its user."""


class _Anything:
    """A field or a decorator, which nothing here looks at."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_arguments, **_named: _Anything()

    def __call__(self, *_arguments: Any, **_named: Any) -> Any:
        return _Anything()


def _decorator(*arguments: Any) -> Any:
    return arguments[0] if arguments and callable(arguments[0]) else lambda function: function


def _words(text: str, *_values: Any, **named: Any) -> str:
    return text % named if named else text


def _stub() -> dict[str, ModuleType]:
    def module(name: str, **names: Any) -> ModuleType:
        made = ModuleType(name)
        vars(made).update(names)
        return made

    base = type("Model", (), {})
    models = module("odoo.models", AbstractModel=base, TransientModel=base, Model=base)
    api = module("odoo.api", model=_decorator, onchange=lambda *_names: _decorator)
    exceptions = module("odoo.exceptions", UserError=Refused)
    tools = module(
        "odoo.tools",
        config={},
        file_open=lambda path: str(_addon("odoo-addon-base-ubl", path)),  # lxml opens it
        float_compare=lambda one, other, precision_digits: round(one - other, precision_digits),
        float_is_zero=lambda value, precision_digits: round(value, precision_digits) == 0,
    )
    expression = module("odoo.osv.expression", AND=list)
    osv = module("odoo.osv", expression=expression)
    fields = module("odoo.fields", **dict.fromkeys(("Selection", "Many2one", "Binary", "Char", "Boolean"), _Anything()))
    odoo = module("odoo", _=_words, api=api, exceptions=exceptions, fields=fields, models=models, osv=osv, tools=tools)
    parts = (odoo, api, exceptions, expression, fields, models, osv, tools)
    return {each.__name__: each for each in parts}


def _addon(wheel: str, path: str) -> Path:
    return Path(str(distribution(wheel).locate_file(f"odoo/addons/{path}")))


@contextmanager
def _named_so(stubs: dict[str, ModuleType]) -> Iterator[None]:
    """These modules stand under their names while others are defined."""
    before = {name: sys.modules.get(name) for name in stubs}
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _class_of(path: Path) -> type:
    """The class that a file of a module defines."""
    defined: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), defined)
    (found,) = (each for each in defined.values() if isinstance(each, type) and {"_name", "_inherit"} & set(vars(each)))
    return found


@cache
def importer() -> Any:
    """The wizard that reads an order, ready to be asked."""
    made: dict[str, Any] = {}
    with _named_so(_stub()):
        for name, sources in _SOURCES.items():
            parts = [_class_of(_addon(*each)) for each in sources]
            made[name] = type(name, tuple(reversed(parts)), {})()
    precision = SimpleNamespace(precision_get=lambda _what: 2)

    class Environment(SimpleNamespace):
        def __getitem__(self, name: str) -> Any:
            return {**made, "decimal.precision": precision}[name]

    for each in made.values():
        type(each).env = Environment(context={}, _=_words)
    return made["sale.order.import"]


def read(xml: bytes) -> dict[str, Any]:
    """What OCA's importer finds in an order.

    :raises Refused: with what it tells its user.
    """
    found: dict[str, Any] = importer().parse_ubl_sale_order(etree.fromstring(xml))
    return found
