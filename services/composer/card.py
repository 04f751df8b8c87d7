"""The site's card, published in the database: for those who show it and cannot read the key that signs it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import IntegrityError, ProgrammingError

from intergestan_db.database import Database, first_line
from intergestan_db.published import CARD, publish, read_published
from intergestan_db.site_rows import read_site
from intergestan_exchange.keys.own_keys import signs_now
from intergestan_runtime.rarely import RARELY
from services.composer.key_ring import KeyRing, NoKey

if TYPE_CHECKING:
    from intergestan_msg.card import Card

_log = structlog.get_logger(__name__)


class CardPublisher:
    """Publishes the card when what it says changes: the site's name or addresses, or the key that signs."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    def publish(self) -> None:
        """Publish it, unless the same is published; only its date may be older. What fails is said in the log."""
        try:
            self._publish()
        except IntegrityError:
            return  # another composer has just published its first
        except (NoKey, ProgrammingError) as error:  # the latter: the roles are older than the schema
            why = first_line(error) if isinstance(error, ProgrammingError) else str(error)
            RARELY.warn(_log, "card", "The card cannot be published; mails go out all the same.", why=why)

    def _publish(self) -> None:
        from intergestan_exchange.keys.pairing import own_card
        from intergestan_msg.card import write_card

        now = self._database.now()
        with self._database.read() as connection:
            key = self._keys.key(signs_now(read_site(connection), now).kid)
            card, known = own_card(connection, key.public, now), read_published(connection, CARD)
        if known is None or not _says(known, card):
            text = write_card(card, key)
            with self._database.transaction() as connection:
                publish(connection, CARD, text)


def _says(known: str, card: Card) -> bool:
    """Whether a published card says the same, but for its date; what is no card says nothing."""
    from intergestan_msg.card import read_card
    from intergestan_msg.errors import MessageError

    try:
        return replace(read_card(known), iat=card.iat) == card
    except MessageError:
        return False
