"""A consent (OAuth2 grant) in a base, of which a `TokenServer` knows."""

from pathlib import Path
from typing import Any

from sqlalchemy import insert

from intergestan_db.database import Database
from intergestan_db.tables import OAuthGrant
from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken, Grants
from intergestan_runtime.secrets import Sealer
from tests.servers.tokens import TokenServer


class Consent:
    """A grant in the base, and the accounts' tokens. :ivar told: every refresh that services would count."""

    def __init__(self, database: Database, server: TokenServer, folder: Path) -> None:
        self.database = database
        self.told: list[tuple[str, str]] = []
        self.sealer = Sealer.create(folder / "base.key")
        self.grants = Grants(database, lambda: self.sealer, lambda name: f"content of {name}", self._hear)
        values = {
            "provider": "generic",
            "login": server.address,
            "token_endpoint": f"{server.url}/token",
            "device_endpoint": f"{server.url}/device",
            "scopes": "mail",
            "client_id": "c",
        }
        about = f"oauth:generic:{server.address}"
        refresh = self.sealer.seal(server.new_refresh_token().encode(), about=about).encode()
        with database.transaction() as connection:
            added = insert(OAuthGrant).values(sealed_refresh=refresh, **values).returning(OAuthGrant.id)
            self.id = connection.execute(added).scalar_one()

    def _hear(self, account: str, outcome: str, _expires: object) -> None:
        self.told.append((account, outcome))

    def token(self, name: str = "box") -> AccessToken:
        return AccessToken(self.grants, self.id, name)

    def row(self) -> Any:
        return self.grants.grant(self.id)
