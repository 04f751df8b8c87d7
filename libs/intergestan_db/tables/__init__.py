"""The tables of a site's base, a file per subject.

May import: enums.
"""

from intergestan_db.tables.account import Account, AccountCounter, AccountWord, PartyAccount
from intergestan_db.tables.credit import CreditOverride
from intergestan_db.tables.delivery import (
    DeliveryNote,
    DeliveryNoteLine,
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceVat,
)
from intergestan_db.tables.fee import Fee, PartyFee
from intergestan_db.tables.file import TakenFile
from intergestan_db.tables.heartbeat import Heartbeat
from intergestan_db.tables.ledger import Answer, Difference, Hold, Ledger, ReviewReply
from intergestan_db.tables.mail import (
    DeliveryAttempt,
    DeliveryReport,
    InboundMail,
    InboundTransfer,
    Mailbox,
    MailboxUid,
    MailboxUidl,
    OAuthGrant,
    OutboundBody,
    OutboundKeyNotice,
    OutboundMail,
    OutboundOrder,
    PollRun,
    Relay,
)
from intergestan_db.tables.notice import Notice, ToldHold
from intergestan_db.tables.order import (
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_db.tables.party import (
    Address,
    Contact,
    CustomerMatch,
    Partner,
    PartnerKey,
    Party,
    PartyCodeCounter,
    PartyWord,
)
from intergestan_db.tables.poller import MailboxTraffic, NamedPoller
from intergestan_db.tables.product import (
    PartnerPrice,
    Product,
    ProductComponent,
    ProductFamily,
    ProductMatch,
    ProductSubfamily,
)
from intergestan_db.tables.purge import PurgeMail, PurgeRun
from intergestan_db.tables.quote import Quote, QuoteCharge, QuoteLine
from intergestan_db.tables.site import (
    Event,
    HighWater,
    NumberSeries,
    Published,
    Setting,
    Site,
    ToldAlarm,
    User,
    UserRight,
    UserRole,
    Worker,
)
from intergestan_db.tables.statement import MissingNumber, OutboundStatement, PartnerStatement
from intergestan_db.tables.types import Table

__all__ = [
    "Account",
    "AccountCounter",
    "AccountWord",
    "Address",
    "Answer",
    "Contact",
    "CreditOverride",
    "CustomerMatch",
    "DeliveryAttempt",
    "DeliveryNote",
    "DeliveryNoteLine",
    "DeliveryReport",
    "Difference",
    "Event",
    "Fee",
    "Heartbeat",
    "HighWater",
    "Hold",
    "InboundMail",
    "InboundTransfer",
    "Invoice",
    "InvoiceCharge",
    "InvoiceLine",
    "InvoiceVat",
    "Ledger",
    "Mailbox",
    "MailboxTraffic",
    "MailboxUid",
    "MailboxUidl",
    "MissingNumber",
    "NamedPoller",
    "Notice",
    "NumberSeries",
    "OAuthGrant",
    "OutboundBody",
    "OutboundKeyNotice",
    "OutboundMail",
    "OutboundOrder",
    "OutboundStatement",
    "Partner",
    "PartnerKey",
    "PartnerPrice",
    "PartnerStatement",
    "Party",
    "PartyAccount",
    "PartyCodeCounter",
    "PartyFee",
    "PartyWord",
    "PollRun",
    "Product",
    "ProductComponent",
    "ProductFamily",
    "ProductMatch",
    "ProductSubfamily",
    "Published",
    "PurchaseOrder",
    "PurchaseOrderChange",
    "PurchaseOrderCharge",
    "PurchaseOrderLine",
    "PurgeMail",
    "PurgeRun",
    "Quote",
    "QuoteCharge",
    "QuoteLine",
    "Relay",
    "ReviewReply",
    "SalesOrder",
    "SalesOrderCharge",
    "SalesOrderLine",
    "Setting",
    "Site",
    "Table",
    "TakenFile",
    "ToldAlarm",
    "ToldHold",
    "User",
    "UserRight",
    "UserRole",
    "Worker",
]
