"""Every transition of every machine: the legal ones move and are written down, all others change nothing."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import (
    ChangeState,
    InboundState,
    OutboundState,
    PaymentState,
    PurchaseState,
    QuoteState,
    SalesState,
    SlipFault,
    SlipState,
)
from intergestan_db.states import MACHINES, Machine, StaleState, move
from intergestan_db.tables import DeliveryNote, Event, OutboundMail, Partner
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.site.first_dossier import Company, add_first_dossier
from tests.site_factories import NOW, add_party

STATES: dict[str, type] = {
    "outbound_mail": OutboundState,
    "purchase_order": PurchaseState,
    "purchase_order_change": ChangeState,
    "inbound_mail": InboundState,
    "sales_order": SalesState,
    "quote": QuoteState,
    "payment": PaymentState,
    "picking_slip": SlipState,
}


@pytest.fixture
def party_id(database: Database) -> int:
    with database.transaction() as connection:
        add_first_dossier(connection, Company("Arts de la Table"), "fr")
        return add_party(connection, NewParty(code="F001", name="STAUBER", is_supplier=True))


def make(connection: Connection, machine: Machine, state: str, mark: str, party_id: int) -> int:
    """A row of a machine's table in a state."""
    table: Any = machine.table
    order = {"number": mark, "currency": "EUR", "created_at": NOW, "issue_date": NOW.date()}
    order |= {f"total_{kind}": Decimal(0) for kind in ("ht", "vat", "ttc")}
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "purchase_order": lambda: order | {"supplier_id": party_id, "updated_at": NOW},
        "purchase_order_change": lambda: a_change(connection, mark, party_id),
        "sales_order": lambda: order | {"customer_id": party_id},
        "quote": lambda: order | {"customer_id": party_id},
        "payment": lambda: {
            "number": mark,
            "party_id": party_id,
            "establishment_id": 1,
            "received_on": NOW.date(),
            "due_date": NOW.date(),
            "amount": Decimal(1),
            "method": "cash",
            "created_at": NOW,
            "created_by": "marie",
        },
        "picking_slip": lambda: a_slip(connection, mark, party_id) | beside(connection, machine, state, mark, party_id),
        "inbound_mail": lambda: {"sha256": mark, "size": 1, "archived_at": NOW},
        "outbound_mail": lambda: {
            "transfer_id": mark,
            "kind": "orders",
            "partner_id": partner(connection, party_id),
            "requested_at": NOW,
        },
    }
    values = makers[machine.name]()
    row: int = connection.execute(insert(table).values(state=state, **values).returning(table.id)).scalar_one()
    return row


def a_slip(connection: Connection, mark: str, party_id: int) -> dict[str, Any]:
    order_id = make(connection, states.SALES_ORDER, "accepted", mark, party_id)
    places = {"depot_id": 1, "establishment_id": 1, "sales_order_id": order_id, "customer_id": party_id}
    return {"number": mark, "changed_at": NOW, "created_at": NOW, "created_by": "marie", **places}


def beside(connection: Connection, machine: Machine, state: str, mark: str, party_id: int) -> dict[str, Any]:
    """What a row has in a state, and in that state alone."""
    if machine is not states.PICKING_SLIP:
        return {}
    note_id = None
    if state == SlipState.EXPIRED:
        note = {"number": f"BL {mark}", "issue_date": NOW.date(), "created_at": NOW, "created_by": "marie"} | {
            "customer_id": party_id
        }
        places = {"establishment_id": 1, "depot_id": 1, "operation_code_id": 1, "invoicing_establishment_id": 1}
        note_id = connection.execute(
            insert(DeliveryNote).values(**note, **places).returning(DeliveryNote.id)
        ).scalar_one()
    return {"fault": SlipFault.NOTHING if state == SlipState.ERROR else None, "delivery_note_id": note_id}


def a_change(connection: Connection, mark: str, party_id: int) -> dict[str, Any]:
    order_id = make(connection, states.PURCHASE_ORDER, "waiting", mark, party_id)
    mail_id = make(connection, states.OUTBOUND_MAIL, "sent", mark, party_id)
    row = {"purchase_order_id": order_id, "revision": 1, "type": "change", "document": {}, "outbound_mail_id": mail_id}
    return row | {"requested_by": "marie", "requested_at": NOW, "updated_at": NOW}


def partner(connection: Connection, party_id: int) -> int:
    known = connection.execute(select(Partner.id)).scalar_one_or_none()
    if known is not None:
        return known
    row = {"party_id": party_id, "site_code": "x", "name": "x", "answer_address": "a@b.test", "created_at": NOW}
    return connection.execute(insert(Partner).values(**row).returning(Partner.id)).scalar_one()


def state_of(connection: Connection, machine: Machine, row_id: int) -> str:
    table: Any = machine.table
    return str(connection.execute(select(table.state).where(table.id == row_id)).scalar_one())


EACH_MACHINE = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


@EACH_MACHINE
def test_every_state_is_reached_and_nothing_else(machine: Machine) -> None:
    known = {str(state) for state in STATES[machine.name]}  # type: ignore[attr-defined]
    reached = {machine.first} | {to for _, to in machine.moves.values()}
    if machine is states.INBOUND_MAIL or machine is states.SALES_ORDER:
        reached |= {machine.first}
    assert {str(state) for state in reached} == known
    assert {str(state) for froms, _ in machine.moves.values() for state in froms} <= known


@EACH_MACHINE
def test_every_event_in_every_state(database: Database, party_id: int, machine: Machine) -> None:
    for event, (froms, to) in machine.moves.items():
        for state in map(str, STATES[machine.name]):  # type: ignore[call-overload]
            with database.transaction() as connection:
                row_id = make(connection, machine, state, f"{event}-{state}", party_id)
            if state in froms:
                with database.transaction() as connection:
                    values = beside(connection, machine, to, f"{event}-{state}", party_id)
                    move(connection, machine, [row_id], event, by="marie", at=NOW, **values)
            else:
                with pytest.raises(StaleState), database.transaction() as connection:
                    move(connection, machine, [row_id], event, by="marie", at=NOW)
            with database.read() as connection:
                query = select(Event.old, Event.new, Event.name, Event.who).where(Event.subject_id == row_id)
                written = [tuple(row) for row in connection.execute(query.where(Event.subject == machine.name))]
                now = state_of(connection, machine, row_id)
            legal = state in froms
            assert (now, written) == ((to, [(state, to, event, "marie")]) if legal else (state, [])), (
                f"{event} in {state}"
            )


@EACH_MACHINE
def test_all_rows_or_none(database: Database, party_id: int, machine: Machine) -> None:
    with database.read() as connection:
        before = connection.execute(select(Event.id)).all()
    for event, (froms, to) in machine.moves.items():
        others = [str(state) for state in STATES[machine.name] if state not in froms]  # type: ignore[attr-defined]
        with database.transaction() as connection:
            fit = make(connection, machine, str(froms[0]), f"{event} fit", party_id)
            unfit = make(connection, machine, others[0], f"{event} unfit", party_id)
            values = beside(connection, machine, to, f"{event} both", party_id)
        with pytest.raises(StaleState), database.transaction() as connection:
            move(connection, machine, [fit, unfit], event, by="marie", at=NOW, **values)
        with database.read() as connection:
            assert state_of(connection, machine, fit) == froms[0], event
            assert connection.execute(select(Event.id)).all() == before, event


def test_the_rows_that_could_not_be_moved_are_named(database: Database, party_id: int) -> None:
    machine = states.PURCHASE_ORDER
    with database.transaction() as connection:
        draft = make(connection, machine, "draft", "CFR1", party_id)
        confirmed = make(connection, machine, "confirmed", "CFR2", party_id)
    with pytest.raises(StaleState) as caught, database.transaction() as connection:
        move(connection, machine, [draft, confirmed], "confirm", by="marie", at=NOW)
    assert caught.value.missing == {confirmed}


def test_a_row_that_is_not_there(database: Database) -> None:
    with pytest.raises(StaleState), database.transaction() as connection:
        move(connection, states.PURCHASE_ORDER, [12345], "confirm", by="marie", at=NOW)


def test_no_rows_need_no_statement(database: Database) -> None:
    with database.transaction() as connection:
        move(connection, states.PURCHASE_ORDER, [], "confirm", by="marie", at=NOW)


def test_an_unknown_event_is_our_own_fault(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as connection:
        move(connection, states.PURCHASE_ORDER, [1], "explode", by="marie", at=NOW)


def test_a_lost_lease_changes_nothing(database: Database, party_id: int) -> None:
    """The fence rises with each claim: who slept past the lease can write nothing (design.md §12)."""
    with database.transaction() as connection:
        row_id = make(connection, states.OUTBOUND_MAIL, "sending", "one", party_id)
        connection.execute(OutboundMail.__table__.update().values(lease_fence=7))
    with pytest.raises(StaleState), database.transaction() as connection:
        move(connection, states.OUTBOUND_MAIL, [row_id], "accept", by="sender", at=NOW, fence=6)
    with database.transaction() as connection:
        move(connection, states.OUTBOUND_MAIL, [row_id], "accept", by="sender", at=NOW, fence=7, sent_at=NOW)
    with database.read() as connection:
        row = connection.execute(select(OutboundMail.state, OutboundMail.sent_at)).one()
    assert tuple(row) == ("sent", NOW)


@EACH_MACHINE
def test_the_diagram_has_every_arrow(machine: Machine) -> None:
    drawn = states.diagram(machine).splitlines()
    assert drawn[:2] == ["stateDiagram-v2", f"    [*] --> {machine.first}"]
    assert len(drawn) - 2 == sum(len(froms) for froms, _ in machine.moves.values())
