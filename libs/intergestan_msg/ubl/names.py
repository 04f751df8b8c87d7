"""The XML namespaces of UBL 2."""

from typing import Final

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"

CAC: Final = _SCHEMA + "CommonAggregateComponents-2"
CBC: Final = _SCHEMA + "CommonBasicComponents-2"
EXT: Final = _SCHEMA + "CommonExtensionComponents-2"
ORDER: Final = _SCHEMA + "Order-2"
ORDER_RESPONSE: Final = _SCHEMA + "OrderResponse-2"
ORDER_RESPONSE_SIMPLE: Final = _SCHEMA + "OrderResponseSimple-2"
ORDER_CHANGE: Final = _SCHEMA + "OrderChange-2"
ORDER_CANCELLATION: Final = _SCHEMA + "OrderCancellation-2"

_DOCUMENTS = (ORDER, ORDER_RESPONSE, ORDER_RESPONSE_SIMPLE, ORDER_CHANGE, ORDER_CANCELLATION)
PREFIXES: Final = {CAC: "cac:", CBC: "cbc:", EXT: "ext:", **dict.fromkeys(_DOCUMENTS, "")}


def cac(name: str) -> str:
    """The full tag of an aggregate."""
    return f"{{{CAC}}}{name}"


def cbc(name: str) -> str:
    """The full tag of a basic component."""
    return f"{{{CBC}}}{name}"
