"""`intergestan trace`: the story of an order over both sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.happenings import DETAILS, value_of, what
from intergestan_operations.language.language import _, about, spoken
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.output import AsJson, print_fields, print_json, print_table

if TYPE_CHECKING:
    from intergestan_exchange.tracing.trace import Story
    from intergestan_exchange.tracing.trace_happenings import Happening
    from intergestan_exchange.tracing.trace_mails import Letter

ROLES = {"buyer": marked("Purchase order"), "seller": marked("Sales order")}


def trace(
    context: typer.Context,
    *,
    order: Annotated[
        str,
        typer.Argument(metavar="ORDER", help="Our number of an order, the partner's, or the transfer id of a mail."),
    ],
    as_json: AsJson = False,
) -> None:
    """Show the whole story of an order, here and at the partner: what happened when, by which mail, and who did it."""
    from intergestan_exchange.tracing.trace import trace as read_stories
    from intergestan_operations.opening.stores import place_in_archive

    call = call_of(context)
    place = partial(place_in_archive, call.site)
    with call.database.read() as connection:
        stories = read_stories(connection, order)
    if as_json:
        print_json([_plain(story, place) for story in stories])
        return
    for number, story in enumerate(stories):
        if number:
            typer.echo()
        _print(story, place)


def _print(story: Story, place: Callable[[str], str]) -> None:
    print_fields(
        {
            _(ROLES[story.role]): story.number or _("none"),
            _("Partner"): story.partner,
            _("Their number"): story.their_number,
            _("State"): story.state and _(story.state),
            _("Answer"): story.answer,
        }
    )
    signs = {letter.transfer_id: f"#{number}" for number, letter in enumerate(story.mails, 1)}
    typer.echo()
    titles = [_("When"), _("After"), _("Where"), _("Who"), _("What"), _("Mail"), _("Details")]
    reasons = _reasons(story)
    print_table(titles, [_line(story, each, signs, reasons) for each in story.happened])
    if story.mails:
        typer.echo()
        rows = [_letter(letter, signs, place) for letter in story.mails]
        print_table([_("Mail"), _("Carries"), _("State"), "Message-ID", _("From or to"), _("Archived as")], rows)


def _reasons(story: Story) -> dict[str, str]:
    """Why its documents waited, in words, by the code of the reason."""
    from intergestan_exchange.findings.findings import explain_all

    opened = [each.detail for each in story.happened if "findings" in each.detail]
    return {detail["reason"]: explain_all(detail["findings"], spoken()) for detail in opened}


def _line(story: Story, each: Happening, signs: Mapping[str, str], reasons: Mapping[str, str]) -> list[Any]:
    after = _span(each.at - story.happened[0].at)
    sign = signs.get(each.mail or "")
    return [each.at, after, each.site, each.who, _what(each), sign, _details(_worded(each.detail, reasons))]


def _what(each: Happening) -> str:
    return what(each.subject, each.event)


_ELSEWHERE = {"findings", "prices", "references", "accounting_costs"}
"""What is said by other words, or by `orders show`."""


def _worded(detail: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    told = {name: value for name, value in detail.items() if name not in _ELSEWHERE}
    return told | {"reason": reasons.get(told["reason"], told["reason"])} if "reason" in told else told


def _details(detail: Mapping[str, Any]) -> str:
    told = {name: value for name, value in detail.items() if value not in (None, "", [], {})}
    return ", ".join(about(_(DETAILS.get(name, name)), _value(name, value)) for name, value in told.items())


def _value(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return _details(value)
    return " ".join(_value(name, each) for each in value) if isinstance(value, list) else value_of(name, str(value))


def _span(elapsed: timedelta) -> str:
    """`+0:00:02`, or with days before it; a negative one where the partner's clock is ahead."""
    seconds = int(abs(elapsed).total_seconds())
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return ("-" if elapsed < timedelta(0) else "+") + (_("{days} d").format(days=days) + " " if days else "") + clock


CARRIES = {"orders": marked("orders"), "answers": marked("answers")}


def _letter(letter: Letter, signs: Mapping[str, str], place: Callable[[str], str]) -> list[Any]:
    out = letter.direction == "out"
    files = " ".join(map(place, letter.archived))
    return [
        signs[letter.transfer_id],
        _(CARRIES[letter.kind]) if letter.kind in CARRIES else letter.kind,
        letter.state and _(letter.state),
        letter.message_id,
        ("→ " if out else "← ") + ((letter.recipient if out else letter.sender) or ""),
        files,
    ]


def _plain(story: Story, place: Callable[[str], str]) -> dict[str, Any]:
    happened = [
        asdict(each) | {"after_seconds": (each.at - story.happened[0].at).total_seconds(), "text": _what(each)}
        for each in story.happened
    ]
    for each in happened:
        del each["rank"]
    mails = [asdict(letter) | {"files": [*map(place, letter.archived)]} for letter in story.mails]
    return asdict(story) | {"mails": mails, "happened": happened}
