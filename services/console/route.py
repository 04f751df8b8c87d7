"""What a line of the route table is: a path, its name, the function of each method, who may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Match, Route
from starlette.types import Scope

from intergestan_db.enums import Right
from services.console.access.rights import Access

if TYPE_CHECKING:
    from starlette.responses import Response

    from services.console.visit import Visit

Function = Callable[["Visit"], "Response"]


FILES: Final = 20
"""So many files a form may bring."""


@dataclass(frozen=True)
class Page:
    """One page. What changes something is posted; `get` changes nothing.

    :ivar hashes: it proves a password, which takes time: at most two of these at once.
    :ivar calls_out: what is posted asks mail servers, which takes long: a few of these at once, so that pages wait for
        none of them.
    :ivar files: so many files may be posted with it.
    """

    path: str
    name: str
    access: Access | Right
    get: Function | None = None
    post: Function | None = None
    hashes: bool = False
    calls_out: bool = False
    files: int = 0
    _route: list[Route] = field(default_factory=list, repr=False, compare=False)

    def match(self, scope: Scope) -> Mapping[str, Any] | None:
        """What stands in the path for its parameters; None: this is another page's path."""
        if not self._route:
            self._route.append(Route(self.path, _never, methods=["GET"]))
        found, child = self._route[0].matches(scope)
        return None if found is Match.NONE else dict(child.get("path_params", {}))

    def function(self, method: str) -> Function | None:
        """What answers a method."""
        return self.post if method == "POST" else self.get if method in {"GET", "HEAD"} else None


async def _never(_request: object) -> None:  # pragma: no cover - only paths are compared
    raise AssertionError
