"""Lists in pages, as every command shows them: how many, the page after which one, and that there are more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer

from intergestan_operations.language.language import _
from services.cli.output import print_json, print_json_rows, print_pages, say

if TYPE_CHECKING:
    from intergestan_erp.listing.page import Page

    ReadPage = Callable[[int, str | None], Page["Item"]]
    """Reads a page of so many rows, the one after a mark or the first."""

Item = TypeVar("Item")

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many on a page.")]
SomeLimit = Annotated[
    int | None, typer.Option("--limit", min=1, max=1000, help="So many on a page; all of them by default.")
]
After = Annotated[
    str | None, typer.Option("--after", metavar="MARK", help="The page after this one, as the page before says.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Item]):
    """How a list is shown.

    :ivar name: what its rows are called in JSON, beside the mark of the page.
    :ivar values: a row in JSON; `cells`: in a table with these titles.
    :ivar empty: what is said where there is none at all, in place of the titles.
    """

    name: str
    values: Callable[[Item], Any]
    titles: Sequence[str]
    cells: Callable[[Item], Sequence[Any]]
    empty: str | None = None


def show_list(
    listed: Listed[Item], read: ReadPage[Item], limit: int | None, after: str | None, *, as_json: bool
) -> None:
    """Show a page where one is asked for, else all of the list, page by page: no more than a page is kept.

    In JSON a page has the mark of the next one; all of it is an array.
    """
    if limit is None and after is None:
        _show_all(listed, read, as_json=as_json)
        return
    from intergestan_erp.listing.page import USUAL

    page = read(limit or USUAL, after)
    if as_json:
        print_json({listed.name: list(map(listed.values, page.rows)), "after": page.after})
        return
    _show(listed, iter([page.rows]))
    say_that_there_are_more(page.after)


def slices(items: Sequence[Item], key: Callable[[Item], tuple[str | int, ...]]) -> ReadPage[Item]:
    """Reads pages of what was read already, because people enter few of it.

    :param key: by which the items are in order here, and which no two of them share.
    """

    def read(size: int, after: str | None) -> Page[Item]:
        from intergestan_erp.listing.page import slice_page

        return slice_page(items, key, size=size, after=after)

    return read


def show_few(
    listed: Listed[Item],
    items: Sequence[Item],
    key: Callable[[Item], tuple[str | int, ...]],
    limit: int | None,
    after: str | None,
    *,
    as_json: bool,
) -> None:
    """`show_list` of what was read already, because people enter few of it. :param key: as `slices` takes it."""
    show_list(listed, slices(items, key), limit, after, as_json=as_json)


def say_that_there_are_more(after: str | None) -> None:
    """`after` is the mark of the page that was shown, None on the last one."""
    if after is not None:
        say(_("There are more: --after {mark} shows them.").format(mark=after))


def _show_all(listed: Listed[Item], read: ReadPage[Item], *, as_json: bool) -> None:
    pages = _pages(read)
    if as_json:
        print_json_rows(listed.values(row) for rows in pages for row in rows)
    else:
        _show(listed, pages)


def _pages(read: ReadPage[Item]) -> Iterator[Sequence[Item]]:
    from intergestan_erp.listing.page import MOST

    page = read(MOST, None)
    yield page.rows
    while page.after is not None:
        page = read(MOST, page.after)
        yield page.rows


def _show(listed: Listed[Item], pages: Iterator[Sequence[Item]]) -> None:
    first = next(pages)
    if not first and listed.empty is not None:
        say(listed.empty)
        return
    print_pages(listed.titles, _cells(listed, first, pages))


def _cells(
    listed: Listed[Item], first: Sequence[Item], others: Iterator[Sequence[Item]]
) -> Iterator[list[Sequence[Any]]]:
    yield list(map(listed.cells, first))
    for rows in others:
        yield list(map(listed.cells, rows))
