"""`intergestan books`: what stands in the books of a company, and what is entered by hand."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import Journal
from intergestan_operations.language.language import _
from services.cli.books.chart import chart
from services.cli.books.files import export, fec
from services.cli.books.here import here
from services.cli.books.naming import Folder, folder_of
from services.cli.books.years import close, years
from services.cli.buying.orders import From, To
from services.cli.context import call_of
from services.cli.figures import DecimalMark, a_price, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.shown import amount, sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_erp.books.typed import TypedLine
    from intergestan_erp.inputs.figure import Mark

app = Group("The books of the company: entries, results, years and the file for the tax office.")

On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day of the entry; today by default.")]


app.verb("here")(here)


@app.verb("entries")
def entries(
    context: typer.Context,
    *,
    folder: Folder = None,
    journal: Annotated[Journal | None, typer.Option("--journal", help="Only this journal.")] = None,
    first: From = None,
    last: To = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NUMBER", help="An account, or how its number begins.")
    ] = None,
    piece: Annotated[str | None, typer.Option("--piece", help="Number of the document, such as FA1.")] = None,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only those with lines of third parties that nothing cancels out.")
    ] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the entries with their lines, the newest first, a page at a time."""
    from intergestan_erp.listing.entries import WhichEntries, list_entries

    call = call_of(context)
    with call.database.read() as connection:
        which = WhichEntries(
            folder_id=folder_of(call, connection, folder).id,
            journal=journal,
            first=day_of(first),
            last=day_of(last),
            account=account,
            piece=piece,
            open=only_open,
        )
        page = list_entries(connection, which, size=limit, after=after)
    if as_json:
        print_json({"entries": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Entry"), _("Date"), _("Document"), _("Account"), _("Title"), _("Debit"), _("Credit"), _("Letter")]
    rows = [
        [
            *(row.entry, row.day, row.piece, line.account if line.aux is None else f"{line.account}/{line.aux}"),
            *(line.aux_title or line.title, line.debit or None, line.credit or None, line.letter),
        ]
        for row in page.rows
        for line in row.lines
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("result")
def result(
    context: typer.Context,
    *,
    folder: Folder = None,
    by_establishment: Annotated[
        bool, typer.Option("--by-establishment", help="Of each establishment, as far as entries say it.")
    ] = False,
    first: From = None,
    last: To = None,
    as_json: AsJson = False,
) -> None:
    """Show income, expenses, by how much stock became worth more, and what is left of them (A08).

    Books have no entries for stock: what closing a year carries forward is income less expenses.
    """
    from intergestan_erp.stock.results import results

    days = day_of(first), day_of(last)
    call = call_of(context)
    with call.database.read() as connection:
        found = results(connection, folder_of(call, connection, folder).id, *days, by_place=by_establishment)
    if as_json:
        print_json([{**asdict(row), "result": row.result} for row in found])
        return
    titles = [
        _("Establishment"),
        _("Name"),
        _("Income"),
        _("Expenses"),
        _("Between establishments"),
        _("Stock"),
        _("Result"),
    ]
    rows = [
        [row.establishment, row.name, row.income, row.expenses, row.internal, row.stock, row.result] for row in found
    ]
    if by_establishment:
        print_table(titles, rows)
    else:
        print_table(titles[2:], [row[2:] for row in rows])


@app.verb("check")
def check(context: typer.Context, *, folder: Folder = None, as_json: AsJson = False) -> None:
    """Check that entries balance, that no number is missing and no document; exit code 1 if something is wrong.

    Books begin with the first document after the site got them: of what was before, nothing is missed.
    """
    from intergestan_erp.books.check import check_books
    from intergestan_operations.language.books import said_of

    call = call_of(context)
    with call.database.read() as connection:
        wrong = check_books(connection, folder_of(call, connection, folder))
    if as_json:
        print_json([asdict(each) for each in wrong])
    elif wrong:
        for each in wrong:
            say(sentence(said_of(each)))
    else:
        say(_("The books are in order."))
    if wrong:
        raise typer.Exit(1)


@app.verb("enter")
def enter(
    context: typer.Context,
    *,
    journal: Annotated[Journal, typer.Argument(metavar="JOURNAL", help="OD, BQ, CA or AC.")],
    lines: Annotated[
        list[str],
        typer.Option(
            "--line",
            metavar="ACCOUNT[/PARTY]=AMOUNT",
            help="Above zero is a debit, below a credit: 606100=40 and 401000/AG2=-48.",
        ),
    ],
    piece: Annotated[str, typer.Option("--piece", help="What proves it, such as the number of a supplier's invoice.")],
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="What it is.")],
    on: On = None,
    titles: Annotated[
        list[str] | None,
        typer.Option("--title", metavar="ACCOUNT=TEXT", help="The title of an account that the books do not know yet."),
    ] = None,
    folder: Folder = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter what no document says, such as a supplier's invoice, its payment, or the bank's costs."""
    from intergestan_erp.books import typed

    made = typed.TypedEntry(
        journal=journal,
        lines=[_line(text, decimal_mark) for text in lines],
        piece=piece,
        label=label,
        day=day_of(on),
        titles=dict(_pair(text) for text in titles or ()),
    )
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.user(connection)[1], call.database.now()
        written = typed.enter(connection, folder_of(call, connection, folder, keep=True), made, by=by, at=at)
    if as_json:
        print_json({"entry": written.name})
        return
    debit = sum((each.amount for each in made.lines if each.amount > 0), Decimal(0))
    say(_("{entry} is entered: {amount}.").format(entry=written.name, amount=amount(debit)))


@app.verb("reverse")
def reverse(
    context: typer.Context,
    *,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="An entry that was typed, such as OD12.")],
    on: On = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Take back an entry that was typed; what a document made is taken back by a document only."""
    from intergestan_erp.books import typed

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.user(connection)[1], call.database.now()
        written = typed.reverse(
            connection, folder_of(call, connection, folder, keep=True), entry, day_of(on), by=by, at=at
        )
    if as_json:
        print_json({"entry": written.name})
        return
    say(_("{entry} takes it back.").format(entry=written.name))


@app.verb("letter")
def letter(
    context: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account of a third party, such as 401AG2.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENTRY …", help="The entries whose lines cancel out.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", metavar="LETTER", help="Take this letter off its lines instead.")
    ] = None,
    settled: Annotated[
        bool, typer.Option("--settled", help="Letter what settlements say, where no letter says it.")
    ] = False,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Letter lines of a third party by hand. What payments and credit notes settle is lettered by itself."""
    from intergestan_erp.books import typed
    from intergestan_erp.paying.lettering import letter_settled_lines

    if sum((remove is not None, bool(names), settled)) != 1:
        raise typer.BadParameter(_("Name the entries, or with --remove a letter that goes."))
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.user(connection)[1], call.database.now()
        books = folder_of(call, connection, folder, keep=True)
        if settled:
            count = letter_settled_lines(connection, books, account, by=by, at=at)
        elif remove is not None:
            count = typed.unletter_by_hand(connection, books, account, remove.upper(), by=by, at=at)
        else:
            given = typed.letter_entries(connection, books, account, names or (), by=by, at=at)
    told: dict[str, object]
    if settled:
        told, said = {"letters": count}, _("Letters given by what is settled: {count}.").format(count=count)
    elif remove is not None:
        told, text = {"letter": remove.upper(), "lines": count}, _("{letter} is taken off: {count} lines.")
        said = text.format(letter=remove.upper(), count=count)
    else:
        told, said = {"letter": given}, _("They bear the letter {letter} now.").format(letter=given)
    if as_json:
        print_json(told)
    else:
        say(said)


app.verb("years")(years)
app.verb("close")(close)
app.verb("chart")(chart)
app.verb("fec")(fec)
app.verb("export")(export)


def _pair(text: str) -> tuple[str, str]:
    """`606100=Fournitures`; BadParameter for what is none."""
    account, equals, title = text.partition("=")
    if not equals or not account.strip():
        raise typer.BadParameter(_("«{text}» is no account with its title: write 606100=Supplies.").format(text=text))
    return account, title


def _line(text: str, mark: Mark | None) -> TypedLine:
    """`401000/AG2=-48,00`; BadParameter for what is none."""
    from intergestan_erp.books.typed import TypedLine

    where, _equals, figure = text.rpartition("=")
    account, _slash, party = where.partition("/")
    if not account.strip() or not figure.strip():
        raise typer.BadParameter(_("«{text}» is no account with an amount: write 606100=40.").format(text=text))
    return TypedLine(account, a_price(figure, mark), party.strip() or None)
