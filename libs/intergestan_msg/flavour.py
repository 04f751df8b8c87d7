"""For whose software an order is written."""

from enum import StrEnum


class Flavour(StrEnum):
    """As the rules of Peppol BIS 3 have it, or as OCA's modules for Odoo read it (`as_oca.py`)."""

    PEPPOL = "peppol"
    OCA = "oca"
