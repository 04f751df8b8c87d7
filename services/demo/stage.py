"""The sites of the demo: folders, configurations, bases, keys, accounts, catalogues, orders.

A logistics base (*plateforme*) sells to distributors; all of it is what a person would do with the command line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.catalogue.catalogue_csv import read_products
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_files import import_file
from intergestan_erp.order_files.read_orders import read_here
from intergestan_erp.people.invitations import invite
from intergestan_erp.purchasing.purchase_orders import Selection, select_orders
from intergestan_erp.site.setup import NewSite, add_user, create_site
from intergestan_erp.site.zone import today
from intergestan_exchange.keys import pairing
from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_exchange.outbox.request import request_orders
from intergestan_exchange.partners.partners import set_partner
from intergestan_msg.card import Card, read_card, write_card
from intergestan_msg.seal import SigningKey
from intergestan_operations.opening.passwords import publish_seal, seal
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.secrets import create_key_file
from intergestan_runtime.steps import COMPOSE
from services.demo.cast import Ports

HOST = "127.0.0.1"
ORDERS_PER_MAIL = 10
REFERENCE_ORDERS = 2
DATA = Path(__file__).parent / "data"
BY = "demo"


@dataclass(frozen=True, slots=True)
class Role:
    """Who a site is. `folder` also is its mail domain."""

    folder: str
    name: str
    postcode: str
    city: str
    contact: str

    @property
    def address(self) -> str:
        """Where its orders and answers go to."""
        return f"commandes@{self.folder}.example"


BASE = Role("stauber", "STAUBER", "88100", "PAIR ET GRANDRUPT", "M. Wilfried ZWILLIG")
_DISTRIBUTORS = (
    Role("durand", "Durand Cuisine Pro", "69003", "LYON", "Anne Durand"),
    Role("kerguelen", "Kerguelen Équipement", "29200", "BREST", "Yann Le Goff"),
    Role("mistral", "Mistral Hôtellerie", "13006", "MARSEILLE", "Claire Fabre"),
)


def roles(sites: int) -> list[Role]:
    """The base and its distributors, `sites` together."""
    unnamed = (
        Role(f"distributeur-{n}", f"Distributeur {n}", f"{n:02}000", f"VILLE {n}", f"Vendeur {n}")
        for n in range(len(_DISTRIBUTORS) + 1, sites)
    )
    return [BASE, *_DISTRIBUTORS, *unnamed][:sites]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is made."""

    role: Role
    folder: Path
    code: str
    key: SigningKey
    user_id: int
    database: Database
    redis_url: str

    @property
    def config(self) -> Path:
        """What `intergestan --config` and its services take."""
        return self.folder / "intergestan.toml"

    @property
    def archive(self) -> FolderArchive:
        """The mails it received."""
        return FolderArchive(self.folder / "archive")


def make_site(role: Role, folder: Path, redis_url: str, language: str, pages: int | None = None) -> Site:
    """A new site in a new folder: configuration, base, keys, first user.

    :param pages: the port of its console; None: it has none.
    """
    folder.mkdir(mode=0o700, parents=True)
    console = "" if pages is None else f"\n[console]\nport = {pages}\n"
    (folder / "intergestan.toml").write_text(_configuration(redis_url, language) + console, encoding="utf-8")
    database = Database(f"sqlite:///{folder}/site.db")
    migrate.upgrade(database)
    key = SigningKey.generate()
    _write_private(folder / "site.key", key.to_pem())
    create_key_file(folder / "bounce.key")
    create_key_file(folder / "console.key")
    new = NewSite(
        name=role.name,
        orders_address=role.address,
        answers_address=role.address,
        postcode=role.postcode,
        city=role.city,
        language=language,
    )
    with database.transaction() as connection:
        now = database.now()
        code = create_site(connection, new, key.public, by=BY, at=now)
        user_id = add_user(connection, BY, role.contact, role.address, by=BY, at=now)
    return Site(role, folder, code, key, user_id, database, redis_url)


def open_accounts(site: Site, ports: Ports, password: str) -> None:
    """The site's relay and its mailbox on the local mail server; the password is sealed in the base."""
    base_key = create_key_file(site.folder / "base.key")
    login, none = site.role.address, Security.NONE  # loopback
    relay = NewRelay(name="relay", host=HOST, port=ports.smtp, security=none, login=login)
    mailbox = NewMailbox(name="commandes", host=HOST, port=ports.imap, security=none, login=login)
    with site.database.transaction() as connection:
        publish_seal(connection, base_key)
        now = site.database.now()
        set_relay(connection, replace(relay, sealed=seal(connection, password, relay)), by=BY, at=now)
        add_mailbox(connection, replace(mailbox, sealed=seal(connection, password, mailbox)), by=BY, at=now)


def pair(one: Site, other: Site, language: str) -> None:
    """Each takes the other's card, and writes down where its orders go and the language of the mails."""
    for us, them in ((one, other), (other, one)):
        with them.database.read() as connection:
            card = write_card(pairing.own_card(connection, them.key.public, them.database.now()), them.key)
        with us.database.transaction() as connection:
            _take_card(connection, us, read_card(card), them.role, language)


def _take_card(connection: Connection, us: Site, card: Card, them: Role, language: str) -> None:
    now = us.database.now()
    paired = pairing.add_partner(connection, card, by=BY, at=now, party_code=them.folder.upper())
    agreed = {
        "order_address": card.orders_address,
        "language": language,
        "contact": them.contact,
        "postcode": them.postcode,
        "city": them.city,
    }
    set_partner(connection, paired.partner_id, agreed, by=BY, at=now)


def fill_catalogue(site: Site) -> None:
    """The same products everywhere; what the base sells at is what the distributors buy at."""
    products = _products("catalogue_base.csv" if site.role is BASE else "catalogue_shop.csv")
    with site.database.transaction() as connection:
        put_products(connection, products)


def enter_orders(distributors: Sequence[Site], orders: int, lines: int) -> None:
    """The two reference orders (G11) at the first distributor, the others in turn from the second on."""
    reference = DATA / "orders.csv"
    of_2020 = Options(any_dates=True)
    data = reference.read_bytes()
    import_file(distributors[0].database, reference.name, data, read=read_here, by=BY, options=of_2020)
    in_turn = [*distributors[1:], distributors[0]]
    for place, site in enumerate(in_turn):
        share = len(range(place, orders - REFERENCE_ORDERS, len(in_turn)))
        if share:
            with site.database.read() as connection:
                day = today(connection, site.database.now())
            text = "\n".join(_order_rows(day, share, lines, Random(place)))  # noqa: S311 - the same orders each time
            import_file(site.database, "commandes.csv", text.encode(), read=read_here, by=BY)


def leave_to_send(distributors: Sequence[Site]) -> None:
    """Orders for whoever opens the pages: at each distributor a draft, at the last of several one that is confirmed.

    The first one has no confirmed order: whoever types its `send` sends what they entered themselves.
    """
    for place, site in enumerate(distributors):
        with site.database.read() as connection:
            day = today(connection, site.database.now())
        for draft in (True, False) if place else (True,):
            text = "\n".join(_order_rows(day, 1, 2, Random(100 + place + draft)))  # noqa: S311 - the same each time
            import_file(site.database, "a-envoyer.csv", text.encode(), read=read_here, by=BY, draft=draft)


def _order_rows(day: date, orders: int, lines: int, random: Random) -> Iterator[str]:
    products = _products("catalogue_base.csv")
    yield "Date;Fournisseur;Nature;Produit;Quantité"
    for number in range(1, orders + 1):
        for _ in range(lines):
            product = random.choice(products).code
            yield f"{day:%d/%m/%Y};{BASE.name};Réassort n° {number};{product};{random.randint(1, 24)}"


def validate(site: Site) -> int:
    """*Valider* all orders of a distributor, ten for each mail, and ring for them; how many mails were asked for."""
    with site.database.read() as connection:
        orders = select_orders(connection, Selection())
    mails = []
    for start in range(0, len(orders), ORDERS_PER_MAIL):
        some = orders[start : start + ORDERS_PER_MAIL]
        with site.database.transaction() as connection:
            versions = {order.id: order.version for order in some}
            supplier = some[0].supplier_id
            now = site.database.now()
            mails.append(request_orders(connection, supplier, versions, site.user_id, by=BY, at=now))
    COMPOSE.ring(make_broker(site.redis_url, site.code), *mails)
    return len(mails)


def link_in(site: Site, pages: int) -> str:
    """Where a person enters the pages of a site, once."""
    with site.database.transaction() as connection:
        secret = invite(connection, BY, by=BY, at=site.database.now())
    return f"http://{HOST}:{pages}/invitation#{secret}"


def _products(file: str) -> list[ProductRow]:
    return read_products(file, (DATA / file).read_bytes())


def _configuration(redis_url: str, language: str) -> str:
    return f"""\
# A site of the demo. docs/settings.md explains every key.
alone = true

[site]
data_dir = "."
redis_url = {json.dumps(redis_url)}
language = "{language}"
# The demo's few mails fit on any disk.
archive_min_free_bytes = 100000000
archive_min_free_share = 0

[heartbeats]
# The demo counts the mails of orders.
every_seconds = 0

[cli]
user = "{BY}"
"""


def _write_private(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(content)
