"""Deferred invoicing: what would be invoiced of what was delivered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from intergestan_db.enums import CategoryKind, PartyRole, Right, Scope
from intergestan_erp.agencies.codes import category_called
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.site.zone import today
from intergestan_operations.telling import deferred
from services.console.api.asked import Day
from services.console.api.caller import Caller, Needs
from services.console.api.here import Here
from services.console.api.shapes import STRICT, shape_of
from services.console.api.values import answer

router = APIRouter(prefix="/invoice-runs", tags=["Sales orders"])


class Run(BaseModel):
    """Which delivery notes are meant, and from where they are invoiced."""

    model_config = STRICT

    preview: Annotated[Literal[True], Field(description="Invoices are made by a person, who has seen this.")]
    here: Here
    first: Annotated[Day | None, Field(alias="from", description="First day of the notes, included.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day, included.")] = None
    customer: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    category: Annotated[str | None, Field(min_length=1, max_length=60, description="Only its customers.")] = None
    day: Annotated[Day | None, Field(description="Of the invoices; today.")] = None


@router.post("", name="preview an invoice run", response_model=shape_of(deferred.Preview))
def run(caller: Annotated[Caller, Depends(Needs(Scope.INVOICES_WRITE, Right.INVOICE))], said: Run) -> Response:
    """What would be invoiced of what was delivered, by customer; it writes nothing and takes no number."""
    with caller.database.read() as connection:
        whose = None if said.customer is None else one_party(connection, said.customer, PartyRole.CUSTOMER).id
        category = None if said.category is None else category_called(connection, said.category, CategoryKind.PARTY)
        here = said.here.find(connection).establishment_id
        on = said.day or today(connection, caller.now)
    wanted = NotesWanted(said.first, said.last, whose, category)
    found = invoice_runs.preview(caller.database, here, wanted, day=said.day)
    return answer(deferred.preview(found, on, caller.say))
