"""`intergestan trace`: the story of an order over both sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_fields, print_json, print_table
from services.cli.shown import what

if TYPE_CHECKING:
    from intergestan_exchange.tracing.trace import Story
    from intergestan_exchange.tracing.trace_happenings import Happening
    from intergestan_exchange.tracing.trace_mails import Letter


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
    from intergestan_operations.language.trace_words import ROLES
    from services.cli.shown import reasons_of

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
    reasons = reasons_of(story)
    print_table(titles, [_line(story, each, signs, reasons) for each in story.happened])
    if story.mails:
        typer.echo()
        rows = [_letter(letter, signs, place) for letter in story.mails]
        print_table([_("Mail"), _("Carries"), _("State"), "Message-ID", _("From or to"), _("Archived as")], rows)


def _line(story: Story, each: Happening, signs: Mapping[str, str], reasons: Mapping[str, str]) -> list[Any]:
    from services.cli.shown import details, span

    after = span(each.at - story.happened[0].at)
    sign = signs.get(each.mail or "")
    return [each.at, after, each.site, each.who, what(each.subject, each.event), sign, details(each.detail, reasons)]


def _letter(letter: Letter, signs: Mapping[str, str], place: Callable[[str], str]) -> list[Any]:
    from intergestan_operations.language.trace_words import CARRIES

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
        asdict(each)
        | {"after_seconds": (each.at - story.happened[0].at).total_seconds(), "text": what(each.subject, each.event)}
        for each in story.happened
    ]
    for each in happened:
        del each["rank"]
    mails = [asdict(letter) | {"files": [*map(place, letter.archived)]} for letter in story.mails]
    return asdict(story) | {"mails": mails, "happened": happened}
