"""What a composed mail looks like, to programs and to people."""

from __future__ import annotations

import email
import email.policy
import re
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.email_address import EmailAddress
from intergestan_msg.mail.header_text import parameter, unstructured
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.mail.letter import Attachment
from intergestan_msg.order import Period
from intergestan_msg.pages import figures
from intergestan_msg.pages.words import ENGLISH, FRENCH, Language
from intergestan_msg.typography import french
from tests.msg.letters import KEYS, ORDERS_ID, Batch, answers_batch, order, orders_batch

FR, EN = Language.FRENCH, Language.ENGLISH
NBSP = "\u00a0"


def parsed(raw: bytes) -> EmailMessage:
    """Read by the standard library, which must find nothing wrong."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        assert all(not value.defects for value in part.values())
    return message


def bodies(batch: Batch) -> tuple[str, str]:
    message = parsed(batch.mail())
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_the_headers_of_an_order_batch() -> None:
    """formats.md §1: G15, the user is From and Reply-To; the transfer id is the Message-ID."""
    message = parsed(orders_batch().mail())
    assert message["From"] == message["Reply-To"] == "Inès Müller <ines@logistique.example>"
    assert message["To"] == "Site central <appros@site-central.example>"
    assert message["Message-ID"] == f"<{ORDERS_ID}@logistique.example>"
    assert message["Date"].datetime == datetime(2020, 11, 15, 9, 30, tzinfo=UTC)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Intergestan-Transfer"] == f"{ORDERS_ID}; v=1"
    assert message["Subject"] == f"[Commandes] Logistique Été & Fils: CFR1, CFR2 — 620,00{NBSP}EUR HT"
    assert message["In-Reply-To"] is None


def test_the_headers_of_answers() -> None:
    message = parsed(answers_batch().mail())
    assert message["Subject"] == "[Réponse] CFR1, CFR2, CFR3, CFR4"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == message["References"] == f"<{ORDERS_ID}@logistique.example>"


def test_the_structure_of_an_order_batch() -> None:
    batch = orders_batch()
    message = parsed(batch.mail())
    types = [part.get_content_type() for part in message.walk()]
    xml = ["application/xml"] * 2
    texts = ["multipart/alternative", "text/plain", "text/html"]
    assert types == ["multipart/mixed", *texts, *xml, "application/jose"]
    attachments = list(message.iter_attachments())
    assert [part.get_filename() for part in attachments] == ["CFR1.xml", "CFR2.xml", "intergestan.jws"]
    contents = [part.get_content() for part in attachments]
    assert contents[:2] == [document.content for document in batch.letter.documents]


def assert_travels(raw: bytes) -> None:
    """7-bit, CR LF only, short lines, nothing that a relay would dot-stuff or mangle."""
    assert raw.isascii()
    assert re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert re.search(rb"^(?:\.|From )", raw, re.MULTILINE) is None


@pytest.mark.parametrize("batch", [orders_batch(), orders_batch(12, 8, EN), answers_batch()])
def test_a_mail_travels_anywhere(batch: Batch) -> None:
    assert_travels(batch.mail())


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert orders_batch().mail() == orders_batch().mail()


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), min_size=1, max_size=90).filter(
    lambda name: name == " ".join(name.split())
)


@given(NAMES, NAMES, st.binary(max_size=400), NAMES.filter(lambda name: "/" not in name and "\\" not in name))
def test_the_standard_library_reads_the_same(buyer: str, person: str, content: bytes, name: str) -> None:
    """Differential: same names, same subject, same payload bytes, no defect, whatever the characters."""
    batch = orders_batch(1)
    one = replace(batch.orders[0], buyer=replace(batch.orders[0].buyer, name=buyer))
    batch = replace(batch, orders=(one,)).with_letter(
        sender=EmailAddress("ines@logistique.example", person), documents=(Attachment(name, content),)
    )
    raw = batch.mail()
    assert_travels(raw)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    # Python keeps the blank between two encoded words of a display name, against RFC 2047 §6.2.
    assert message["From"].addresses[0].display_name.replace(" ", "") == person.replace(" ", "")
    assert message["From"].addresses[0].addr_spec == "ines@logistique.example"
    assert message["Subject"] == f"[Commandes] {buyer}: CFR1 — 310,00{NBSP}EUR HT"
    attachment = next(iter(message.iter_attachments()))
    assert attachment.get_filename() == name
    assert attachment.get_content() == content
    assert attachment.get_param("name", header="Content-Type") is not None


@pytest.mark.parametrize("text", ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\0b", "\x1b[31m", "", "a\u202eb"])
def test_no_text_writes_a_header_of_its_own(text: str) -> None:
    with pytest.raises(ValueError, match="do not belong in a header"):
        unstructured("Subject", text)
    with pytest.raises(ValueError, match=r"header|address"):
        orders_batch().with_letter(sender=EmailAddress("a@b.example", text or "\n")).mail()
    with pytest.raises(ValueError, match="name of an attachment"):
        Attachment(text, b"")
    with pytest.raises(ValueError, match="address"):
        EmailAddress(f"{text}@b.example")
    for field in ("transfer_id", "domain", "in_reply_to"):
        with pytest.raises(ValueError, match="is not a"):
            orders_batch().with_letter(**{field: text})


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b", "a@", "a b@c", "a@b c", "<a@b>", "a@b,c@d", "é@b.fr", "a@é.fr", "a@-b", "a" * 65 + "@b"],
)
def test_an_odd_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        EmailAddress(address)


def test_a_letter_needs_a_time_zone_and_an_ascii_manifest() -> None:
    with pytest.raises(ValueError, match="time zone"):
        orders_batch().with_letter(date=datetime(2020, 11, 15))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="compact JWS"):
        orders_batch().with_letter(manifest="é")
    with pytest.raises(ValueError, match="media type"):
        Attachment("a.xml", b"", "text/xml\r\nBcc: x")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120))
def test_a_parameter_is_never_cut_inside_an_escape(name: str) -> None:
    lines = parameter("filename", name).split("\r\n")
    assert all(re.search(r"%[0-9A-F]?;?\Z", line) is None for line in lines)
    assert max(map(len, lines)) <= 76


def test_the_french_bodies_say_all_that_a_clerk_needs() -> None:
    plain, html = bodies(orders_batch())
    for text in (plain, html.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")):
        for words in (
            "Commande CFR1 du 15/11/2020",
            "Réassort <semaine 47> & urgent",
            "3 rue du Port, 13002 Marseille, FR",
            "au plus tard le 20/11/2020",
            "Inès Müller, +33 4 91 00 00 00, suivi@logistique.example",
            "VIS-002",
            "Vis inox 4×20, boîte",
            f"10{NBSP}pièce",
            f"10,00{NBSP}EUR",
            f"310,00{NBSP}EUR",
            f"62,00{NBSP}EUR",
            f"372,00{NBSP}EUR",
            "Pour répondre",
        ):
            assert words in text, words


def test_the_english_bodies_say_it_in_english() -> None:
    batch = orders_batch(1, 8, EN)
    plain, html = bodies(batch)
    assert parsed(batch.mail())["Subject"] == (f"[Orders] Logistique Été & Fils: CFR1 — 1,210.00{NBSP}EUR excl. VAT")
    for words in ("Order CFR1 of 2020-11-15", f"1,452.00{NBSP}EUR", "How to answer", f"10{NBSP}piece"):
        assert words in plain
        assert words in html
    assert 'lang="en"' in html


def test_the_answers_say_what_became_of_each_order() -> None:
    plain, html = bodies(answers_batch())
    for text in (plain, html.replace("&#x27;", "'")):
        for words in (
            "Commande CFR1 : reçue, en cours d'examen",
            "Commande CFR2 : acceptée",
            "Commande CFR3 : acceptée avec des modifications",
            "Commande CFR4 : refusée",
            "Article supprimé du catalogue",
            "CC00002",
            "modifiée",
            f"8{NBSP}pièce",
            "15,50",
            "du 23/11/2020 au 25/11/2020",
            f"reliquat 2{NBSP}pièce",
            "remplacé par Vis laiton",
        ):
            assert french(words) in text, words


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_html_is_inert_whatever_the_data_say() -> None:
    """reliability.md H9: no script, nothing fetched, all data escaped, no hidden character."""
    one = replace(
        order(),
        note='<script>alert(1)</script>\x1b[31m"\u202e',
        lines=(
            replace(order(1, 1).lines[0], note="<img src=x onerror=y>", line_total=None),
            order(1, 2).lines[1],
        ),
        payment_terms="\r\n--=_boundary\r\nX: y",
    )
    plain, html = bodies(replace(orders_batch(1), orders=(one,)))
    tags = _Tags()
    tags.feed(html)
    assert tags.tags == set("html head meta title body h2 h3 p b table tr th td".split())  # noqa: SIM905
    assert tags.attributes == {"lang", "charset", "style", "border", "cellpadding", "cellspacing", "align"}
    assert re.search(r"[\x00-\x09\x0b-\x1f\u202e]", (plain + html).replace("\r\n", "\n")) is None
    assert "\n--" not in plain


def test_dots_and_from_at_the_start_of_a_line_arrive_as_they_were() -> None:
    for filler in range(70):
        name = "x" * filler + "...From From ... From me" + "." * 90
        batch = orders_batch(1)
        buyer = replace(batch.orders[0].buyer, name=name)
        batch = replace(batch, orders=(replace(batch.orders[0], buyer=buyer),))
        assert_travels(batch.mail())
        assert bodies(batch)[0].startswith(f"Commandes de {name}")


def test_a_long_list_is_cut_in_the_subject() -> None:
    message = parsed(orders_batch(12, 1).mail())
    assert "CFR4, CFR5 et 7 autres — " in message["Subject"]


def test_an_order_may_say_next_to_nothing() -> None:
    one = replace(
        order(),
        note=None,
        delivery=None,
        totals=None,
        tax_amount=None,
        allowances=(),
        buyer=replace(order().buyer, contact=None),
        lines=tuple(replace(line, quantity=None, unit=None, price=None, line_total=None) for line in order().lines),
    )
    batch = replace(orders_batch(1), orders=(one,))
    assert parsed(batch.mail())["Subject"] == "[Commandes] Logistique Été & Fils: CFR1"
    assert "Vis inox" in bodies(batch)[0]


@pytest.mark.not_quick
def test_a_mail_of_a_thousand_orders_is_read_back() -> None:
    """formats.md §1: 1 000 orders stay within the reader's own limits."""
    batch = orders_batch(1000, 1)
    raw = batch.mail()
    assert len(raw) < 15_000_000
    assert len(read_mail(raw, KEYS).documents) == 1000


@pytest.mark.parametrize(
    ("value", "language", "text"),
    [
        ("1234567.5", FR, f"1{NBSP}234{NBSP}567,50"),
        ("1234567.5", EN, "1,234,567.50"),
        ("0.123456", FR, "0,123456"),
        ("10", FR, "10,00"),
        ("1E+3", FR, f"1{NBSP}000,00"),
        ("-0.10", EN, "-0.10"),
    ],
)
def test_prices(value: str, language: Language, text: str) -> None:
    assert figures.unit_price(Decimal(value), language) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("10.000000", "C62", f"10{NBSP}pièce"),
        ("2.50", "KGM", f"2,5{NBSP}kg"),
        ("1E+3", "XYZ", f"1{NBSP}000{NBSP}XYZ"),
        ("100", None, "100"),
    ],
)
def test_quantities(value: str, unit: str | None, text: str) -> None:
    assert figures.quantity(Decimal(value), unit, FR) == text


def test_a_price_for_a_hundred_says_so() -> None:
    assert figures.price_per(Decimal(12), Decimal(100), "C62", EN) == f"12.00 / 100{NBSP}piece"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (1, 2, "du 01/03/2024 au 02/03/2024"),
        (1, 1, "le 01/03/2024"),
        (1, None, "à partir du 01/03/2024"),
        (None, 2, "au plus tard le 02/03/2024"),
        (None, None, ""),
    ],
)
def test_periods(start: int | None, end: int | None, text: str) -> None:
    days = [date(2024, 3, number) if number else None for number in (start, end)]
    assert figures.period(Period(*days), FR) == text


def test_both_languages_have_the_same_words() -> None:
    assert FRENCH.keys() == ENGLISH.keys()
    for key, words in FRENCH.items():
        assert re.findall(r"\{\w+\}", words) == re.findall(r"\{\w+\}", ENGLISH[key]), key


@pytest.mark.not_quick
def test_composing_needs_no_heavy_import() -> None:
    import subprocess

    code = "import sys, intergestan_msg.mail.outgoing; print('babel' in sys.modules, 'lxml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
