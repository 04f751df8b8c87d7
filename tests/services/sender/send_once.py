"""`python -m tests.services.sender.send_once URL MAIL_ID NOW`: one sender, for a test that lets it die."""

from __future__ import annotations

import sys
from datetime import datetime

from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_runtime.crashpoint import dying_at_commit
from intergestan_runtime.metrics import Metrics
from services.sender.deliver import Timeouts
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, Sender

if __name__ == "__main__":
    url, mail_id, now = sys.argv[1:]
    base = Database(url, lambda: datetime.fromisoformat(now))
    base.at_commit = dying_at_commit() or base.at_commit
    connections = Connections(Timeouts(), lambda _relay: None)
    Sender(base, Metrics(CollectorRegistry()), "doomed", SenderSettings(), connections).send(int(mail_id))
