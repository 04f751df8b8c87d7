"""*Exploitation*: the same figures as the metrics, on one page; what stands still is said."""

from __future__ import annotations

import re
from html import unescape

import pytest

from intergestan_exchange.health.vitals import STEPS, read_vitals
from services.console.pages.pipeline import steps_of
from tests.services.console.browser import Answer
from tests.services.console.sending_desk import SendingDesk

pytestmark = pytest.mark.mainly_on("postgresql")


def told(page: Answer) -> dict[str, str]:
    """By service, what the page says of it."""
    found = re.findall(r'(?s)<li class="stop [^"]*"><span class="word"><svg.*?</svg>(\w+)</span>(.*?)</li>', page.text)
    return {service: " ".join(unescape(re.sub(r"<[^>]+>", " ", rest)).split()) for service, rest in found}


def test_the_page_says_what_the_base_says(sending: SendingDesk) -> None:
    """What waits for each service is counted as the metrics count it; one that does not run is named."""
    mail_id = sending.buyer.request(sending.seller.code, "CFR1")
    page = sending.browser("nadia").get("/exploitation")
    with sending.buyer.database.read() as connection:
        vitals = read_vitals(connection, sending.buyer.database.now(), 4)
    assert sum(vitals.pending[step].count for step in STEPS) == 1
    assert sum(step.waiting or 0 for step in steps_of(vitals)) == 1
    services = told(page)
    assert list(services) == ["composer", "sender", "poller", "importer", "dispatcher"]
    assert "un courriel attend" in services["composer"]
    assert "aucun courriel n'attend" in services["sender"]
    assert all("ne tourne pas" in text for text in services.values())
    sending.look_anew()
    sending.buyer.compose(mail_id)
    services = told(sending.browser("nadia").get("/exploitation"))
    assert "aucun courriel n'attend" in services["composer"]
    assert "un courriel attend" in services["sender"]
