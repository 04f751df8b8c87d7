"""*Relever* (G23): collecting mails, and what that brought."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right, Scope
from intergestan_exchange.mailboxes import poll_runs
from intergestan_exchange.mailboxes.poll_runs import Asked, Run
from intergestan_exchange.tracing.brought import Answered, NewSalesOrder, brought_by
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, once, own_key
from services.console.api.problems import Refused, Word
from services.console.api.shapes import STRICT, shape_of
from services.console.api.values import Written, answer, plain

router = APIRouter(prefix="/polls", tags=["Mails"])
_MOST_ID = 2**63 - 1


class Wanted(BaseModel):
    """From which mailboxes."""

    model_config = STRICT

    mailboxes: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=60)]] | None,
        Field(max_length=1000, description="None: all."),
    ] = None


class Poll(BaseModel):
    """How far a *Relever* is, and what it brought."""

    id: int
    at: str
    by: str
    over: bool
    mailboxes: list[shape_of(Run)]  # type: ignore[valid-type]
    mails: dict[str, int] = Field(description="How many mails are in which state.")
    too_big: int
    sales_orders: list[shape_of(NewSalesOrder)]  # type: ignore[valid-type]
    answered: list[shape_of(Answered)]  # type: ignore[valid-type]
    holds: list[str]


@router.post("", name="collect", status_code=202, response_model=Poll)
def collect(
    caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_ACT, Right.COLLECT_ORDERS))],
    key: Annotated[Key, Depends(own_key)],
    wanted: Wanted,
) -> Response:
    """Have mails collected now. Nobody is waited for: what came of it stands at `Location`."""

    def do(connection: Connection) -> Done:
        asked = poll_runs.collect(connection, wanted.mailboxes or [], by=caller.by, at=caller.now)
        value = _told(connection, asked)
        return Done(value=value, status=202, location=f"/polls/{asked.id}", bells=asked.bells)

    return once(caller, key, wanted, do)


@router.get("/{run}", name="poll", response_model=Poll)
def show(
    caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_READ))], run: Annotated[int, Path(ge=1, le=_MOST_ID)]
) -> Response:
    """How far it is, and what it brought."""
    with caller.database.read() as connection:
        asked = poll_runs.find_asked(connection, run)
        if asked is None:
            raise Refused(404, Word.NOTHING_THERE)
        return answer(_told(connection, asked))


def _told(connection: Connection, asked: Asked) -> Written:
    progress = poll_runs.look(connection, asked)
    brought = brought_by(connection, sorted(progress.mails), asked.at)
    return Written(
        {
            "id": asked.id,
            "at": plain(asked.at),
            "by": asked.by,
            "over": progress.is_over,
            "mailboxes": plain(progress.runs),
            "mails": dict(Counter(progress.mails.values())),
            "too_big": progress.too_big,
            **plain(brought),
        }
    )
