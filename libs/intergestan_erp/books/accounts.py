"""The accounts of a folder's chart that a person may mean by what they type. Pure."""

from __future__ import annotations

from intergestan_erp.books.chart import USUAL, Account, Chart
from intergestan_erp.parties.folding import fold


def accounts_of(chart: Chart) -> list[Account]:
    """All that the chart names, by number; one that it names several times has the title of its own."""
    found = {account.number: account for account in (*USUAL.values(), *chart.own.values())}
    return sorted(found.values(), key=lambda account: account.number)


def find_in_chart(chart: Chart, typed: str, limit: int) -> list[Account]:
    """Those whose number, or a word of whose title, begins as it is typed; all for nothing typed."""
    wanted = fold(typed).casefold().split()
    found = [account for account in accounts_of(chart) if all(_means(account, word) for word in wanted)]
    return found[:limit]


def _means(account: Account, word: str) -> bool:
    words = [account.number.casefold(), *fold(account.title).casefold().replace("'", " ").split()]
    return any(each.startswith(word) for each in words)
