"""The tables of a site's base, a file per subject."""

from intergestan_site.tables.ledger import Answer, Hold, Ledger
from intergestan_site.tables.mail import (
    DeliveryAttempt,
    InboundMail,
    InboundTransfer,
    Mailbox,
    MailboxUid,
    MailboxUidl,
    OAuthGrant,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    PollRun,
    Relay,
)
from intergestan_site.tables.order import (
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_site.tables.party import Address, Contact, Partner, PartnerKey, Party
from intergestan_site.tables.product import (
    PartnerPrice,
    Product,
    ProductComponent,
    ProductFamily,
    ProductSubfamily,
)
from intergestan_site.tables.site import Event, NumberSeries, Setting, Site, User, Worker
from intergestan_site.tables.types import Table

__all__ = [
    "Address",
    "Answer",
    "Contact",
    "DeliveryAttempt",
    "Event",
    "Hold",
    "InboundMail",
    "InboundTransfer",
    "Ledger",
    "Mailbox",
    "MailboxUid",
    "MailboxUidl",
    "NumberSeries",
    "OAuthGrant",
    "OutboundBody",
    "OutboundMail",
    "OutboundOrder",
    "Partner",
    "PartnerKey",
    "PartnerPrice",
    "Party",
    "PollRun",
    "Product",
    "ProductComponent",
    "ProductFamily",
    "ProductSubfamily",
    "PurchaseOrder",
    "PurchaseOrderCharge",
    "PurchaseOrderLine",
    "Relay",
    "SalesOrder",
    "SalesOrderCharge",
    "SalesOrderLine",
    "Setting",
    "Site",
    "Table",
    "User",
    "Worker",
]
