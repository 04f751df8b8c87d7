"""The one list of what waits for a person. What a person does about it is proved in tests/pipeline."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, update

from intergestan_db import states
from intergestan_db.enums import HoldReason
from intergestan_db.problem import Act, Problem
from intergestan_db.tables import InboundMail, OutboundMail
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.holds import hold_acts
from intergestan_exchange.holds.holds import find_hold, list_holds, parse_ref
from tests.exchange.outbox.test_outbound import Sites, attempt, put, request
from tests.site_factories import NOW


def hold_mail(connection: Connection, sha: str, reason: HoldReason, **values: str) -> int:
    """A mail that the importer could not understand, a minute ago."""
    mail_id = connection.execute(
        insert(InboundMail)
        .values(sha256=sha * 64, size=10, state="archived", archived_at=NOW - timedelta(hours=1))
        .returning(InboundMail.id)
    ).scalar_one()
    states.move(
        connection,
        states.INBOUND_MAIL,
        [mail_id],
        "hold",
        by="importer",
        at=NOW - timedelta(minutes=1),
        reason=reason,
        detail=write_findings([Finding(reason, values)]),
    )
    return mail_id


def test_mails_of_both_directions_are_in_one_list(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1", "CFR2")
    put(shop, mail_id, "held", reason="refused_by_server", detail="550 5.1.1 no such user")
    with shop.database.transaction() as connection:
        inbound_id = hold_mail(connection, "a", HoldReason.UNKNOWN_SIGNER, kid="k1", error="x")
        inbound, ours = (
            list_holds(connection)[::-1] if list_holds(connection)[0].kind == "out" else list_holds(connection)
        )
    assert (inbound.ref, inbound.since, inbound.sha256) == (f"in-{inbound_id}", NOW - timedelta(minutes=1), "a" * 64)
    assert "k1" in inbound.what("en")
    assert inbound.next == (Act.ADD_PARTNER,)
    assert (ours.ref, ours.order, ours.partner) == (f"out-{mail_id}", "CFR1, CFR2", "STAUBER")
    assert "550 5.1.1 no such user" in ours.what("fr")
    assert Act.RESEND_MAIL in ours.next


def test_how_often_a_mail_was_sent_in_vain(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    put(shop, request(shop, "CFR1"), "held", reason="no_answer", detail="4")
    with shop.database.read() as connection:
        (hold,) = list_holds(connection)
    assert "4" in hold.what("fr")


def test_releasing_our_mail_sends_it_again_and_refusing_it_gives_it_up(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    mail_id = request(shop, "CFR1")
    put(shop, mail_id, "held", reason="refused_by_server", detail="550")
    attempt(shop, mail_id, "ended", "refused")
    with shop.database.transaction() as connection:
        bells = hold_acts.release(connection, [f"out-{mail_id}"], by="marie", at=NOW)
        assert bells.send == (mail_id,)
        connection.execute(update(OutboundMail).values(state="held", reason="refused_by_server", detail="550"))
        hold_acts.refuse(connection, [f"out-{mail_id}"], None, by="marie", at=NOW)
        assert list_holds(connection) == []


def test_all_or_none(paired_sites: Sites) -> None:
    """A ref that does not wait leaves the others as they are."""
    shop, _base = paired_sites
    with shop.database.transaction() as connection:
        mail_id = hold_mail(connection, "a", HoldReason.BAD_MESSAGE, error="x")
    with pytest.raises(Problem, match="order-77"), shop.database.transaction() as connection:
        hold_acts.release(connection, [f"in-{mail_id}", "order-77"], by="marie", at=NOW)
    with shop.database.read() as connection:
        assert find_hold(connection, f"in-{mail_id}").reason == "bad_message"


@pytest.mark.parametrize("ref", ["", "17", "order-", "mail-3", "order-x", "order-99999999999999999999"])
def test_what_is_no_ref(ref: str) -> None:
    with pytest.raises(Problem, match="is no hold"):
        parse_ref(ref)


def test_a_ref_as_people_type_it() -> None:
    assert parse_ref(" Order-17 ") == ("order", 17)
