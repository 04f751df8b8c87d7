"""Whose signature we know does not wait behind a flood of strangers."""

from __future__ import annotations

from pathlib import Path

from tests.clock import Clock
from tests.exchange.outbox.test_outbound import Sites
from tests.factories import cfr1
from tests.patience import eventually
from tests.pipeline.forge import Forge
from tests.servers import Dovecot, MailUser
from tests.services.poller.site import PollerSite, mail
from tests.site_factories import make_database, paired_sites

__all__ = ["make_database", "paired_sites"]


def test_a_signed_mail_is_rung_for_before_all_others(
    paired_sites: Sites, tmp_path: Path, dovecot: Dovecot, mail_user: MailUser
) -> None:
    shop, base = paired_sites
    genuine = Forge(base.key, base.code, shop.code, Clock()).orders(cfr1())
    site = PollerSite(shop.database, tmp_path)
    site.add_mailbox("strangers", mail_user.password, port=dovecot.imap, login=mail_user.address)
    dovecot.drop(mail_user.address, [*(mail(n) for n in range(30)), genuine, mail(31)])
    with site.poller():
        eventually(lambda: len(site.rung) + len(site.rung_first) == 32)
    (first,) = site.rung_first
    (row,) = [row for row in site.inbound() if row.is_signed]
    assert (row.id, site.archive.get(row.sha256)) == (first, genuine)
