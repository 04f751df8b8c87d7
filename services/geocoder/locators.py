"""Makes the locator of the provider that was chosen when it is first asked: at rest nobody pays for geopy's memory."""

from __future__ import annotations

from threading import Lock
from typing import Protocol

from intergestan_erp.geo.answers import Locator
from intergestan_erp.geo.rule import GeoRule
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import SecretError, SecretStr
from services.geocoder.settings import GeocoderSettings


class HasSecrets(Protocol):
    """Where secrets are."""

    def get(self, name: str) -> SecretStr:
        """The secret of this name. Raises SecretError."""


class LocatorMaker:
    """One locator for each provider, kept."""

    def __init__(self, settings: GeocoderSettings, secrets: HasSecrets, user_agent: str) -> None:
        """:param user_agent: who asks, as providers want to know it."""
        self._settings = settings
        self._secrets = secrets
        self._user_agent = user_agent
        self._made: dict[str, Locator] = {}
        self._making = Lock()

    def __call__(self, rule: GeoRule) -> Locator:
        """The locator of a rule's provider.

        :raises SecretError: it wants a key, and that cannot be read.
        :raises ValueError: it cannot be asked as [geocoder] says.
        """
        with self._making:
            name = rule.provider_name
            if name not in self._made:
                self._made[name] = self._make(rule)
            return self._made[name]

    def _make(self, rule: GeoRule) -> Locator:
        from services.geocoder.asking import GeopyLocator

        provider, own = rule.provider, self._settings
        assert provider is not None, "nobody is asked"
        return GeopyLocator(
            provider,
            user_agent=self._user_agent,
            seconds=own.answer_seconds,
            domain=own.domain,
            scheme=own.scheme,
            secret=None if provider.key is None else self._secret(rule.provider_name),
            ca_file=None if own.ca_file is None else str(own.ca_file),
        )

    def _secret(self, provider: str) -> str:
        own = self._settings
        setting = "google_key" if provider == "google" else "provider_key"
        name = own.google_key if provider == "google" else own.provider_key
        if name is None:
            raise SecretError(
                Said(
                    "{provider} wants a key: write it into a secret file, and the file's name as {setting} into the "
                    "table [geocoder] of the configuration.",
                    provider=provider,
                    setting=setting,
                )
            )
        return self._secrets.get(name).get_secret_value()
