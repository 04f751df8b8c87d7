"""What is frozen stays as it is, on both kinds of base and for everybody; recipients are those of the partner."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.tables import InboundMail, Notice, OutboundMail, Partner, PartnerKey
from intergestan_msg.money import AllowanceCharge
from tests.erp.paying.till import Till
from tests.factories import VAT_20
from tests.services.sender.outbox import Outbox

PORT = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
COMPOSED: dict[str, Any] = {"subject": "x", "size": 9, "epoch": 1, "seq": 7, "transfer_digest": "d" * 64}
TWICE = {
    "outbound_mail": (
        *(f"{name} = NULL" for name in ("subject", "size", "epoch", "seq", "transfer_digest", "composed_at")),
        *(
            "transfer_id = 'x'",
            "kind = 'answers'",
            "envelope_from = 'x@y.test'",
            "partner_id = 2",
            "in_reply_to_id = 1",
        ),
    ),
    "outbound_body": ("mime = 'x'",),
    "outbound_order": ("version = 2", "revision = 9", "purchase_order_id = 9"),
    "inbound_mail": ("sha256 = 'x'",),
    "notice": ("mime = 'x'", "about = 'alarms'"),
    "partner_key": ("public_key = 'x'", "kid = 'x'", "partner_id = 9"),
    "event": ("who = 'marc'", "at = 0", "detail = '{}'", "name = 'x'"),
    "site": ("code = 'x'", "created_at = 0"),
}


@pytest.fixture
def filled(base: Database) -> Outbox:
    outbox, at = Outbox(base, 25), base.now()
    outbox.put(state="sent", composed_at=at, **COMPOSED)
    with base.transaction() as connection:
        connection.execute(insert(InboundMail).values(sha256="0" * 64, size=1, state="archived", archived_at=at))
        connection.execute(insert(Notice).values(about="holds", mime=b"m", created_at=at))
        states.record(connection, "outbound_mail", [(1, None, "sent")], "accept", by="sender", at=at, detail={"a": 1})
    return outbox


def test_nothing_is_written_a_second_time(filled: Outbox) -> None:
    for table, setting in ((table, setting) for table, settings in TWICE.items() for setting in settings):
        with (
            pytest.raises(IntegrityError, match=f"what is frozen in {table} cannot be changed"),
            filled.base.transaction() as connection,
        ):
            connection.execute(text(f"UPDATE {table} SET {setting}"))


ROWS = {
    **dict.fromkeys(("invoice", "credit_note"), "number = 'X', note = 'x'"),
    **dict.fromkeys(("invoice_line", "credit_note_line", "invoice_charge"), "id = id"),
    **dict.fromkeys(("invoice_vat", "credit_note_vat", "invoice_due", "settlement"), "amount = amount + 1"),
}
"""Tables whose rows are written once, and something that nobody may do to them (D39)."""
PAID = (
    *("number = 'X'", "party_id = 9", "received_on = due_date + 1", "due_date = '2026-01-01'", "amount = amount + 1"),
    *("method = 'card'", "reference = 'x'", "created_at = 0", "created_by = 'x'"),
)


def test_invoices_and_what_settles_them(base: Database) -> None:
    """D39: no invoice, credit note or settlement is altered or deleted; of a payment only its state is."""
    till = Till(base)
    till.bill(("1", "100", "20"), charges=[PORT])
    till.pay("5", reference="a")
    till.credit("FA1", None, [1])
    for table, setting in ROWS.items():
        assert till.count(table) > 0
        for statement in (f"UPDATE {table} SET {setting}", f"DELETE FROM {table}"):
            with (
                pytest.raises(IntegrityError, match=f"what is frozen in {table} cannot be changed"),
                base.transaction() as connection,
            ):
                connection.execute(text(statement))
    for setting in PAID:
        with pytest.raises(IntegrityError, match="frozen in payment"), base.transaction() as connection:
            connection.execute(text(f"UPDATE payment SET {setting}"))
    with base.transaction() as connection:
        connection.execute(text("UPDATE payment SET state = 'failed', failed_on = received_on"))


def test_a_mail_of_before_a_restore_may_leave_under_another_number(filled: Outbox) -> None:
    """`resend` gives it up as it was: all of its number, digest and time goes, or nothing does."""
    numbered = "epoch = NULL, seq = NULL, transfer_digest = NULL, composed_at = NULL"
    for half in (numbered, f"state = 'requested', {numbered.removeprefix('epoch = NULL, ')}"):
        with pytest.raises(IntegrityError, match="frozen"), filled.base.transaction() as connection:
            connection.execute(text(f"UPDATE outbound_mail SET {half}"))
    with filled.base.transaction() as connection:
        connection.execute(text(f"UPDATE outbound_mail SET state = 'requested', {numbered}"))
        connection.execute(text("UPDATE outbound_mail SET transfer_id = 'another'"))


def test_what_stays_the_same_and_what_is_not_composed_yet_may_be_written(filled: Outbox) -> None:
    waiting = filled.put(state="requested")
    with filled.base.transaction() as connection:
        connection.execute(update(OutboundMail).values(subject=OutboundMail.subject, state="unknown"))
        connection.execute(
            update(OutboundMail)
            .where(OutboundMail.id == waiting)
            .values(**COMPOSED | {"epoch": 2}, transfer_id="another")
        )
        connection.execute(update(Notice).values(mime=b"m", attempts=3))


def test_a_recipient_is_an_address_of_the_partner(filled: Outbox) -> None:
    base = filled.base
    for recipient in ("thief@kerguelen.test", "O@STAUBER.TEST", ""):
        with pytest.raises(IntegrityError, match="no address of the partner"):
            filled.put(recipient=recipient)
        with pytest.raises(IntegrityError, match="no address of the partner"), base.transaction() as connection:
            connection.execute(update(OutboundMail).values(recipient=recipient))
    with base.transaction() as connection:
        connection.execute(update(Partner).values(order_address="new@stauber.test"))
        connection.execute(update(OutboundMail).values(state="held"))  # it went where it went
        connection.execute(update(OutboundMail).values(recipient="new@stauber.test"))
        connection.execute(update(OutboundMail).values(recipient="a@stauber.test"))
        connection.execute(update(Partner).values(order_address=None))
    with pytest.raises(IntegrityError, match="no address of the partner"):
        filled.put()


def test_only_a_key_that_was_withdrawn_before_it_began_gives_its_place_back(filled: Outbox) -> None:
    """The key before it goes on; one whose successor was revoked later does not."""
    base, at = filled.base, filled.base.now()
    begins = at + timedelta(days=14)
    with base.transaction() as connection:
        connection.execute(update(PartnerKey).values(replaced_from=begins))
        new = {"partner_id": filled.partner.id, "kid": "new", "public_key": bytes(32), "valid_from": begins}
        connection.execute(insert(PartnerKey).values(**new))
    ends = select(PartnerKey.replaced_from).where(PartnerKey.kid != "new")
    for revoked_at, expected in ((begins, begins), (None, begins), (at, None)):
        with base.transaction() as connection:
            connection.execute(update(PartnerKey).where(PartnerKey.kid == "new").values(revoked_at=revoked_at))
        with base.read() as connection:
            assert connection.scalar(ends) == expected


def test_an_announced_key_had_no_place_to_give_back(filled: Outbox) -> None:
    """Whoever announces one says when it begins, for example when the key before was replaced long ago."""
    base, at = filled.base, filled.base.now()
    began = at - timedelta(days=14)
    with base.transaction() as connection:
        connection.execute(update(PartnerKey).values(replaced_from=began))
        new = {"partner_id": filled.partner.id, "kid": "new", "public_key": bytes(32), "valid_from": began}
        connection.execute(insert(PartnerKey).values(**new, pending=True))
        early = began - timedelta(days=1)
        connection.execute(update(PartnerKey).where(PartnerKey.kid == "new").values(revoked_at=early))
    with base.read() as connection:
        assert connection.scalar(select(PartnerKey.replaced_from).where(PartnerKey.kid != "new")) == began
