"""`python -m tests.pipeline.importer_process URL ARCHIVE REDIS NOW WORKER MAIL_ID…`: takes these mails in.

It prints `started`, and waits for a line before.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.crashpoint import dying_at_commit
from intergestan_runtime.metrics import Metrics
from services.importer.worker import Importer

if __name__ == "__main__":
    pool = ReaderPool()
    url, archive, redis_url, now, worker, *mails = sys.argv[1:]
    base = Database(url, lambda: datetime.fromisoformat(now))
    base.at_commit = dying_at_commit() or base.at_commit
    importer = Importer(
        database=base,
        broker=make_broker(redis_url, "test"),
        metrics=Metrics(CollectorRegistry()),
        archive=FolderArchive(Path(archive)),
        pool=pool,
        worker=worker,
        max_age=timedelta(days=30),
    )
    print("started", flush=True)
    sys.stdin.readline()
    for mail in mails:
        importer.take_in(int(mail))
    pool.close()
