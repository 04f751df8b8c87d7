"""`python -m tests.services.composer.compose_once URL MAIL_ID KEY REDIS NOW`: for a test that lets it die."""

from __future__ import annotations

import sys
from datetime import datetime

from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_msg.seal import SigningKey
from intergestan_runtime.broker import make_broker
from intergestan_runtime.crashpoint import dying_at_commit
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer

if __name__ == "__main__":
    url, mail_id, key, redis_url, now = sys.argv[1:]
    base = Database(url, lambda: datetime.fromisoformat(now))
    base.at_commit = dying_at_commit() or base.at_commit
    broker = make_broker(redis_url, "test")
    ring = KeyRing(lambda _kid: SigningKey.from_pem(bytes.fromhex(key)))
    Composer(base, broker, Metrics(CollectorRegistry()), ring, 15_000_000).compose(int(mail_id))
