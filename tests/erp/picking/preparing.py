"""What tests of picking slips share: the three agencies, and their acts on slips."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import update

from intergestan_db.enums import SlipState
from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, Party, PickingSlip, Reservation
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.picking import entering
from intergestan_erp.picking.listing import list_slips, show_slip
from intergestan_erp.picking.making import MadeSlips, make_slips
from intergestan_erp.picking.validating import Validated, validate
from intergestan_msg.money import plain
from tests.erp.pairs.agencies import Arrivals
from tests.site_factories import NOW


class Preparing(Arrivals):
    """Agencies that prepare picking slips."""

    def place(self, depot: str) -> Place:
        with self.site.database.read() as connection:
            return in_depot(connection, depot)

    def make(self, number: str, here: str = "AB", override: str | None = None) -> MadeSlips:
        with self.site.database.transaction() as connection:
            place = in_depot(connection, here)
            return make_slips(connection, number, place, override=override, by="marie", at=NOW)

    def made(self, number: str, here: str = "AB") -> str:
        """The slips that were made, and what waits: `BP1 AB, BP2 RD; waits 2 of CFR1`."""
        made = self.make(number, here)
        slips = ", ".join(f"{slip.number} {slip.depot}" for slip in made.slips)
        waits = ", ".join(f"{plain(each.quantity)} of {each.source}" for each in made.waiting)
        return slips + (f"; waits {waits}" if waits else "")

    def slip_depot(self, number: str) -> str:
        with self.site.database.read() as connection:
            return show_slip(connection, number).slip.depot

    def enter_found(self, number: str, found: dict[int, str] | None = None, here: str | None = None) -> None:
        """Enter what was found of lines of a slip; of all others what is proposed."""
        with self.site.database.transaction() as connection:
            place = in_depot(connection, here or self.slip_depot(number))
            said = {line: Decimal(quantity) for line, quantity in (found or {}).items()}
            entering.enter(connection, number, place, said, accept=True, by="paul", at=NOW)

    def finish(self, number: str, here: str | None = None) -> entering.Finished:
        with self.site.database.transaction() as connection:
            return entering.finish(
                connection, number, in_depot(connection, here or self.slip_depot(number)), by="paul", at=NOW
            )

    def ready(self, number: str, found: dict[int, str] | None = None) -> None:
        """Enter and finish a slip."""
        self.enter_found(number, found)
        self.finish(number)

    def validate(self, *numbers: str, here: str | None = None) -> list[Validated]:
        place = self.place(here or self.slip_depot(numbers[0]))
        return list(validate(self.site.database, place, numbers or None, by="paul", at=NOW))

    def delivered(self, *numbers: str) -> list[str | None]:
        """Finish slips and validate them; their delivery notes."""
        for number in numbers:
            self.ready(number)
        return [each.note for each in self.validate(*numbers)]

    def reopen(self, number: str) -> None:
        with self.site.database.transaction() as connection:
            entering.reopen(connection, number, in_depot(connection, self.slip_depot(number)), by="paul", at=NOW)

    def cancel_slip(self, number: str) -> None:
        with self.site.database.transaction() as connection:
            entering.cancel(connection, number, in_depot(connection, self.slip_depot(number)), by="paul", at=NOW)

    def slips(self) -> dict[str, str]:
        """The state of each slip."""
        with self.site.database.read() as connection:
            return {row.number: str(row.state) for row in list_slips(connection, everything=True).rows}

    def lines(self, number: str) -> list[str]:
        """The lines of a slip: `L1 ALB0002 5/3`, proposed and prepared."""
        with self.site.database.read() as connection:
            shown = show_slip(connection, number).lines
        found = ["-" if line.prepared is None else plain(line.prepared) for line in shown]
        return [
            f"{line.line} {line.product} {plain(line.proposed)}/{prepared}"
            for line, prepared in zip(shown, found, strict=True)
        ]

    def card(self, **values: object) -> None:
        """Change the customer's card."""
        with self.site.database.transaction() as connection:
            connection.execute(update(Party).where(Party.id == self.customer_id).values(**values))

    def check(self) -> None:
        """I3 and I5: what is set aside adds up, and each line of a note is of a slip that consumed as much."""
        state = {row.id: row.state for row in self.site.rows(PickingSlip)}
        notes = {row.id for row in self.site.rows(DeliveryNote)}
        consumed: dict[int, Decimal] = {}
        for row in self.site.rows(Reservation, state="consumed"):
            if row.picking_slip_line_id is not None:
                before = consumed.get(row.picking_slip_line_id, Decimal(0))
                consumed[row.picking_slip_line_id] = before + row.quantity
        slip_lines = {row.picking_slip_line_id: row.quantity for row in self.site.rows(DeliveryNoteLine)}
        assert None not in slip_lines
        assert {line: quantity for line, quantity in slip_lines.items() if line in consumed} == consumed
        expired = {row.delivery_note_id for row in self.site.rows(PickingSlip, state=SlipState.EXPIRED)}
        assert expired == notes, state
