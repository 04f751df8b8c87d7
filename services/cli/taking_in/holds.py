"""`intergestan holds`: what waits for a person, and what the person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, ngettext, spoken
from services.cli.context import Call, call_of
from services.cli.credit import Override
from services.cli.output import AsJson, print_fields, print_json, say
from services.cli.paging import After, Listed, SomeLimit, show_list
from services.cli.shown import sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from intergestan_db.bells import Bells
    from intergestan_erp.listing.page import Page
    from intergestan_exchange.holds.holds import Hold

app = Group("What waits for a person.")

Refs = Annotated[list[str], typer.Argument(metavar="HOLD …", help="What `holds list` calls them, such as order-17.")]


_AT_ONCE = 500

AllLikeIt = Annotated[
    bool, typer.Option("--all-like-it", help="With each one, the others that `holds list` shows in the same row.")
]


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    strangers: Annotated[
        bool | None,
        typer.Option("--strangers/--known", help="Only mails that nobody vouches for, or only all the rest."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="A row for each mail, also of strangers and beyond a partner's limit.")
    ] = False,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show all that waits for a person, the longest first.

    Mails of strangers are one row for each reason and signer, and so is what goes beyond the limits of a partner.
    """
    from intergestan_exchange.holds.holds import Shown, list_holds_page

    shown = Shown.ALL if strangers is None else Shown.STRANGERS if strangers else Shown.KNOWN

    listed: Listed[Hold] = Listed(
        name="holds",
        values=_values,
        titles=[_("Hold"), _("Since"), _("Partner"), _("Order"), _("Why")],
        cells=lambda hold: [hold.ref, hold.since, hold.partner, hold.order, _why(hold)],
        empty=_("Nothing waits for a person."),
    )
    with call_of(context).database.snapshot() as connection:

        def read(size: int, mark: str | None) -> Page[Hold]:
            return list_holds_page(connection, size=size, after=mark, shown=shown, grouped=not each)

        show_list(listed, read, limit, after, as_json=as_json)


@app.verb("show")
def show(
    context: typer.Context,
    *,
    ref: Annotated[str, typer.Argument(metavar="HOLD", help="What `holds list` calls it, such as order-17.")],
    as_json: AsJson = False,
) -> None:
    """Show why something waits, what that means, and what to do."""
    from intergestan_exchange.holds.holds import find_hold
    from intergestan_operations.opening.stores import place_in_archive
    from services.cli.next_acts import worded

    call = call_of(context)
    with call.database.read() as connection:
        hold = find_hold(connection, ref)
    if as_json:
        print_json(_values(hold))
        return
    print_fields(
        {
            _("Hold"): hold.ref,
            _("Since"): hold.since,
            _("Partner"): hold.partner,
            _("Order"): hold.order,
            _("Subject"): hold.subject,
            _("Sender"): hold.sender,
            _("Transfer"): hold.transfer_id,
            _("Archived as"): hold.sha256 and place_in_archive(call.site, hold.sha256),
        }
    )
    advice = hold.advice(spoken())
    texts = {
        _("What happened"): [hold.what(spoken())],
        _("What it means"): [advice.means],
        _("What to do"): [advice.do, *map(worded, hold.next)],
    }
    for title, lines in texts.items():
        typer.echo("\n  ".join((f"\n{title}", *lines)))


@app.verb("release")
def release(
    context: typer.Context,
    *,
    refs: Refs,
    products: Annotated[
        list[str] | None,
        typer.Option("--product", metavar="LINE=CODE", help="The product of ours that a line of the order means."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="CODE", help="The customer of ours that the order is for.")
    ] = None,
    override: Override = None,
    all_like_it: AllLikeIt = False,
) -> None:
    """Let them go on: a difference of price, VAT or total is accepted, everything else is tried again.

    An order that waits because its customer owes too much passes with --override, for the amount that it has now.

    What you say with --product or --customer is remembered for this partner, and used from then on.
    """
    from intergestan_exchange.holds import hold_acts
    from intergestan_exchange.holds.choices import Choices, read_products
    from services.cli.figures import as_typed

    with as_typed():
        choices = Choices(read_products(products or []), customer)
    call = call_of(context)
    if all_like_it:
        _each_like(call, refs, lambda connection, some, by, at: hold_acts.release(connection, some, by=by, at=at))
        return
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        try:
            bells = hold_acts.release(connection, refs, by=by, at=at, choices=choices, override=override)
        except Problem as problem:
            if problem.code in {ProblemCode.NOT_CREDIT, ProblemCode.NO_REASON}:
                raise typer.BadParameter(sentence(problem)) from problem
            raise
    call.ring_all(bells)
    say(
        _("Released: {refs}. `intergestan holds list` shows what waits again.").format(
            refs=", ".join(dict.fromkeys(refs))
        )
    )


@app.verb("refuse")
def refuse(
    context: typer.Context,
    *,
    refs: Refs,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="What the partner will read; what was found by default."),
    ] = None,
    all_like_it: AllLikeIt = False,
) -> None:
    """Refuse them: the buyer of an order is told why; a mail that was not understood is answered to nobody."""
    from intergestan_exchange.holds import hold_acts

    call = call_of(context)
    if all_like_it:
        _each_like(
            call, refs, lambda connection, some, by, at: hold_acts.refuse(connection, some, reason, by=by, at=at)
        )
        return
    with call.database.transaction() as connection:
        bells = hold_acts.refuse(connection, refs, reason, by=call.actor(connection), at=call.database.now())
    call.ring_all(bells)
    say(_("Refused: {refs}.").format(refs=", ".join(dict.fromkeys(refs))))


def _each_like(
    call: Call, refs: Sequence[str], act: Callable[[Connection, Sequence[str], str, datetime], Bells]
) -> None:
    """Do it to these and to all that stand in a row with them, some hundred in a transaction; say how many."""
    from intergestan_exchange.holds.holds import holds_called, same_as

    with call.database.read() as connection:
        named = list(dict.fromkeys(same for ref in refs for same in same_as(connection, ref)))
    done = 0
    for start in range(0, len(named), _AT_ONCE):
        with call.database.transaction() as connection:
            some = [hold.ref for hold in holds_called(connection, named[start : start + _AT_ONCE])]
            bells = act(connection, some, call.actor(connection), call.database.now())
        call.ring_all(bells)
        done += len(some)
    say(ngettext("{count} was dealt with.", "{count} were dealt with.", done).format(count=done))


def _why(hold: Hold) -> str:
    what = hold.what(spoken())
    if not hold.others:
        return what
    more = ngettext("and {count} more for the same reason", "and {count} more for the same reason", hold.others)
    return f"{what} ({more.format(count=hold.others)})"


def _values(hold: Hold) -> dict[str, Any]:
    from dataclasses import asdict

    from intergestan_exchange.holds.holds import shown

    return asdict(shown(hold, spoken()))
