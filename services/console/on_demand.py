"""Modules that are imported when the first of their functions is called: most of what pages use, a start does not."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Later:
    """A function of a module that may not be there yet."""

    module: str
    name: str

    def __call__(self, *given: Any) -> Any:
        """Import the module, unless it is there, and call the function."""
        return getattr(import_module(self.module), self.name)(*given)


@dataclass(frozen=True, slots=True)
class OnDemand:
    """A module. It has any name, as nobody looked; `tests/services/console/test_pages.py` does."""

    module: str

    def __getattr__(self, name: str) -> Later:
        return Later(self.module, name)


def modules_of(package: ModuleType) -> Mapping[str, OnDemand]:
    """Each module of a package by its own name; none is imported."""
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return {each.name.rpartition(".")[2]: OnDemand(each.name) for each in found}
