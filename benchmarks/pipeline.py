"""The whole way, all services of two sites as processes here: orders per second, and CPU beside the floor."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks import floor
from benchmarks.floor import Cost, Work
from benchmarks.machine import Servers, cpu_seconds, ratio
from benchmarks.sites import pair_of_sites
from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.tables import OutboundBody, SalesOrder, SalesOrderLine
from intergestan_msg.mail.incoming import read_mail
from tests.journey.pair_of_sites import PairOfSites

ORDERS_PER_MAIL, LINES = 10, 8
BACKLOG, QUICK_BACKLOG = 100, 20
WARM_UP = 5
PATIENCE = 300.0
LOOK = 0.1  # seconds between two looks at the base: our own looking is among the costs


def measure(servers: Servers, base: str, *, rounds: int, mails: int) -> dict[str, float]:
    """Orders/s one way and there and back, CPU per batch, and CPU of the floor over ours."""
    one_way, round_trip, floors = [], [], []
    with pair_of_sites(servers, base) as sites:
        sites.start()
        _send(sites, WARM_UP)
        floor_url = servers.postgres.create_database()
        for _ in range(rounds):
            one_way.append(_one_way(servers, sites, mails))
            floors.append(floor.measure(servers, _with_tables(floor_url), _work(sites, mails)))
            round_trip.append(_send(sites, mails))
        sites.wait_at_rest(PATIENCE)
    orders = mails * ORDERS_PER_MAIL
    return {
        "one_way_orders_per_s": orders / median(cost.seconds for cost in one_way),
        "round_trip_orders_per_s": orders / median(round_trip),
        "one_way_over_floor": ratio([cost.cpu for cost in floors], [cost.cpu for cost in one_way]),
        "one_way_cpu_ms_per_batch": 1000 * median(cost.cpu for cost in one_way) / mails,
        "floor_cpu_ms_per_batch": 1000 * median(cost.cpu for cost in floors) / mails,
        "floor_orders_per_s": orders / median(cost.seconds for cost in floors),
    }


def _one_way(servers: Servers, sites: PairOfSites, mails: int) -> Cost:
    """From Valider to the last sales order's commit; the answers wait, for the seller composes nothing meanwhile."""
    numbers = sites.enter(mails * ORDERS_PER_MAIL, LINES)
    sites.seller.processes["composer"].stop()
    wanted = _sales_orders(sites) + len(numbers)
    roots = [*servers.pids(), sites.servers.redis.pid, *(process.pid for process in sites.processes() if process.runs)]
    before, started = cpu_seconds(roots), time.perf_counter()
    sites.send(numbers, mails=mails)
    deadline = started + PATIENCE
    while _sales_orders(sites) < wanted:
        assert time.perf_counter() < deadline, sites.picture()
        time.sleep(LOOK)
    cost = Cost(time.perf_counter() - started, cpu_seconds(roots) - before)
    sites.seller.start("composer")
    sites.wait_answered(numbers, PATIENCE)
    sites.wait_at_rest(PATIENCE)
    return cost


def _send(sites: PairOfSites, mails: int) -> float:
    """Seconds from Valider to the last answer applied."""
    numbers = sites.enter(mails * ORDERS_PER_MAIL, LINES)
    started = time.perf_counter()
    sites.send(numbers, mails=mails)
    sites.wait_answered(numbers, PATIENCE, every=LOOK)
    return time.perf_counter() - started


def _sales_orders(sites: PairOfSites) -> int:
    with sites.seller.database.read() as connection:
        return connection.execute(select(func.count()).select_from(SalesOrder)).scalar_one()


def _with_tables(url: str) -> str:
    database = Database(url)
    migrate.upgrade(database)
    database.dispose()
    floor.make_tables(url)
    return url


def _work(sites: PairOfSites, mails: int) -> Work:
    """What the last mails carried, and what became of it."""
    with sites.buyer.database.read() as connection:
        newest = select(OutboundBody.mime).order_by(OutboundBody.outbound_mail_id.desc()).limit(mails)
        frozen = [bytes(mime) for mime in connection.execute(newest).scalars()]
    keys = {sites.buyer.key.public.kid: sites.buyer.key.public}
    documents = [content for mime in frozen for _, content in read_mail(mime, keys).documents]
    orders, lines = len(documents), len(documents) * LINES
    return Work(
        frozen,
        documents,
        _newest(sites.seller.database, SalesOrder, orders),
        _newest(sites.seller.database, SalesOrderLine, lines),
        [column.name for column in SalesOrder.__table__.columns],
        [column.name for column in SalesOrderLine.__table__.columns],
    )


def _newest(database: Database, table: type[SalesOrder | SalesOrderLine], count: int) -> Sequence[Sequence[Any]]:
    """The newest rows, with their values as they are stored."""
    columns = ", ".join(column.name for column in table.__table__.columns)
    with database.read() as connection:
        return connection.exec_driver_sql(
            f"SELECT {columns} FROM {table.__tablename__} ORDER BY id DESC LIMIT {count}"  # names and a number of ours
        ).all()
