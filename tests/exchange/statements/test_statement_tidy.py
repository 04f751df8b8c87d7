"""Statements of ours go after a month; nothing else of ours does, nor one that waits for somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from intergestan_db import states
from intergestan_db.tables import (
    DeliveryAttempt,
    DeliveryReport,
    Event,
    OutboundBody,
    OutboundMail,
    OutboundStatement,
    Partner,
)
from services.dispatcher.statements import Statements
from tests.databases import as_service
from tests.exchange.inbox.test_replay import a_mail
from tests.site_factories import NOW, SiteToTest

Sites = tuple[SiteToTest, SiteToTest]
A_DAY = timedelta(days=1)


class NobodyListens:
    """No bell is rung by what deletes."""


def sent(site: SiteToTest, name: str, days: int, kind: str = "statement", state: str = "sent") -> int:
    """A mail of ours that was asked for so long ago, with all that belongs to it."""
    with site.database.transaction() as connection:
        partner = connection.execute(select(Partner.id)).scalar_one()
        values: dict[str, Any] = {"partner_id": partner, "kind": kind, "state": state, "transfer_id": name}
        at = NOW - days * A_DAY
        made = insert(OutboundMail).values(requested_at=at, **values).returning(OutboundMail.id)
        mail = connection.execute(made).scalar_one()
        own = {"outbound_mail_id": mail}
        if kind == "statement":
            connection.execute(insert(OutboundStatement).values(**own))
        connection.execute(insert(OutboundBody).values(mime=b"mail", **own))
        connection.execute(insert(DeliveryAttempt).values(n=1, phase="ended", started_at=at, **own))
        states.record(connection, "outbound_mail", [(mail, None, "requested")], "request", by="marie", at=at)
        report = {"inbound_mail_id": a_mail(connection, name), "received_at": at, "reporter": "a", "effect": "none"}
        connection.execute(insert(DeliveryReport).values(fingerprint="f", **report, **own))
        return int(mail)


def test_old_ones_go_with_all_that_belongs_to_them(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    old = [sent(shop, f"old-{state}", 31, state=state) for state in ("sent", "unknown", "abandoned")]
    stay = [
        sent(shop, "new", 29),
        sent(shop, "waits", 400, state="held"),
        sent(shop, "goes", 400, state="sending"),
        sent(shop, "orders", 400, kind="orders"),
        sent(shop, "answers", 400, kind="answers"),
    ]
    statements = Statements(as_service(shop.database, "dispatcher"), NobodyListens(), 24)  # type: ignore[arg-type]
    assert statements.tidy() == len(old)
    assert statements.tidy() == 0
    assert [row.id for row in shop.rows(OutboundMail)] == stay
    for table in (OutboundBody, DeliveryAttempt):
        assert sorted(row.outbound_mail_id for row in shop.rows(table)) == stay
    assert [row.outbound_mail_id for row in shop.rows(OutboundStatement)] == stay[:3]
    assert {row.subject_id for row in shop.rows(Event, subject="outbound_mail")} == {*stay}
    assert [row.outbound_mail_id for row in shop.rows(DeliveryReport)] == [None] * len(old) + stay


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("kind", "state"), [("statement", "held"), ("orders", "sent")])
def test_the_dispatcher_may_delete_no_other_mail(paired_sites: Sites, kind: str, state: str) -> None:
    """A guard of `roles.sql`; on SQLite nobody has a role."""
    shop, _base = paired_sites
    mail = sent(shop, "a", 400, kind=kind, state=state)
    for table, column in ((OutboundBody, "outbound_mail_id"), (OutboundMail, "id")):
        with (
            pytest.raises(DBAPIError, match="no heartbeat"),
            as_service(shop.database, "dispatcher").transaction() as connection,
        ):
            connection.execute(delete(table).where(getattr(table, column) == mail))
