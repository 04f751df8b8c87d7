"""Asks a provider by geopy. The one module that imports it, and only when somebody is to be asked (ADR 0052)."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from intergestan_erp.geo.answers import NoAnswer, Position, Trouble
from intergestan_erp.geo.providers import Provider
from services.geocoder.http import Unanswered, ask
from services.geocoder.lean import unavailable

with unavailable("requests", "aiohttp"):  # geopy asks by them where nobody says otherwise; 5 MiB
    from geopy.adapters import AdapterHTTPError, BaseSyncAdapter
    from geopy.exc import (
        GeocoderAuthenticationFailure,
        GeocoderInsufficientPrivileges,
        GeocoderParseError,
        GeocoderQueryError,
        GeocoderQuotaExceeded,
        GeocoderTimedOut,
        GeocoderUnavailable,
    )
    from geopy.geocoders import get_geocoder_for_service

# It logs URLs with our key in them, and what a provider says, which may repeat it.
logging.getLogger("geopy").disabled = True

_PLACES = Decimal("0.0000001")
_ONE_ONLY: Final[Mapping[str, Mapping[str, Any]]] = {"banfrance": {"limit": 1}}
"""How those are asked for one place alone that would send several."""
_WITHOUT_COUNTRY: Final = frozenset({"banfrance"})
"""Who knows one country only, and would look for its code in the text."""
_TROUBLES: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Trouble, str], ...]] = (
    (
        (GeocoderAuthenticationFailure, GeocoderInsufficientPrivileges),
        Trouble.KEY,
        "it does not take our key, or wants one",
    ),
    (GeocoderQuotaExceeded, Trouble.QUOTA, "it says that we ask too much"),
    (GeocoderQueryError, Trouble.REFUSED, "it takes this address for no question"),
    ((GeocoderUnavailable, GeocoderTimedOut), Trouble.AWAY, "it does not answer"),
)


class GeopyLocator:
    """A provider, asked as geopy asks it."""

    def __init__(
        self,
        provider: Provider,
        *,
        user_agent: str,
        seconds: float,
        domain: str | None = None,
        scheme: str = "https",
        secret: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        """:param domain: asked in place of the usual one. :param secret: our key, for those that want one.

        :raises ValueError: this provider cannot be asked so.
        """
        self._service = provider.service
        where = domain or provider.domain
        others = {provider.key: secret} if provider.key is not None else {}
        others |= {"domain": where} if where is not None else {}
        context = ssl.create_default_context(cafile=ca_file)
        geocoder = get_geocoder_for_service(provider.service)
        self._geocoder = geocoder(
            **others,
            scheme=scheme,
            timeout=seconds,
            proxies={},
            user_agent=user_agent,
            adapter_factory=lambda proxies, ssl_context: _Bounded(context),  # noqa: ARG005 - as geopy calls it
        )

    def locate(self, text: str, country: str | None) -> Position | None:
        """Where a place is: a `Locator`."""
        named = text if country is None or self._service in _WITHOUT_COUNTRY else f"{text}, {country}"
        try:
            found = self._geocoder.geocode(named, **_ONE_ONLY.get(self._service, {}))
            return None if found is None else _position(found)
        except Exception as error:  # noqa: BLE001 - geopy reads what strangers send, and raises whatever that brings about
            raise _no_answer(error) from None


def _position(found: Any) -> Position:
    return Position(*(Decimal(repr(float(each))).quantize(_PLACES) for each in (found.latitude, found.longitude)))


def _no_answer(error: Exception) -> NoAnswer:
    for kinds, trouble, words in _TROUBLES:
        if isinstance(error, kinds):
            return NoAnswer(trouble, words)
    return NoAnswer(Trouble.AWAY, f"its answer is none ({type(error).__name__})")


class _Bounded(BaseSyncAdapter):  # type: ignore[misc]  # geopy has no types
    """How geopy gets its answers: as `http.ask` brings them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(proxies={}, ssl_context=context)
        self._context = context

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        """An answer in JSON. Google says that it does not know our key in one that is well (status 200)."""
        try:
            answer = json.loads(self.get_text(url, timeout=timeout, headers=headers))
        except (ValueError, RecursionError) as error:
            raise GeocoderParseError("no JSON") from error
        if isinstance(answer, dict) and answer.get("status") == "REQUEST_DENIED":
            raise GeocoderAuthenticationFailure
        return answer

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """An answer as text."""
        try:
            answer = ask(url, headers, seconds=timeout, context=self._context)
        except Unanswered as error:
            raise GeocoderUnavailable(str(error)) from None
        text = answer.body.decode("utf-8", "replace")
        if answer.status != 200:
            raise AdapterHTTPError("not well", status_code=answer.status, headers=answer.headers, text=text)
        return text
