"""The figures, each beside what we hold ourselves to (performance.md §9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

Value = float | str


@dataclass(frozen=True)
class Figure:
    """A line of the table. :ivar at_least, at_most: the target; without either the figure is only told."""

    name: str
    text: str
    at_least: float | None = None
    at_most: float | None = None

    def target(self) -> str:
        """As people write it."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def verdict(self, value: float) -> str:
        """Whether the target is reached."""
        if self.at_least is None and self.at_most is None:
            return ""
        reached = (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)
        return "reached" if reached else "missed"


FIGURES = (
    Figure("one_way_orders_per_s", "one way, PostgreSQL: orders/s (about 600 wanted)"),
    Figure("round_trip_orders_per_s", "there and back, PostgreSQL: orders/s (about 300 wanted)"),
    Figure("one_way_over_floor", "one way: CPU of the floor over ours", at_least=0.333),
    Figure("one_way_cpu_ms_per_batch", "one way: CPU ms per batch of 10 orders, servers included"),
    Figure("floor_cpu_ms_per_batch", "the floor's"),
    Figure("floor_orders_per_s", "the floor: orders/s"),
    Figure("one_way_orders_per_s_sqlite", "one way, SQLite: orders/s"),
    Figure("round_trip_orders_per_s_sqlite", "there and back, SQLite: orders/s"),
    Figure("one_way_over_floor_sqlite", "one way, SQLite: CPU of the floor (with PostgreSQL) over ours"),
    Figure("one_way_cpu_ms_per_batch_sqlite", "one way, SQLite: CPU ms per batch"),
    Figure("composer_orders_per_s", "composer alone, PostgreSQL: orders/s"),
    Figure("composer_orders_per_s_sqlite", "composer alone, SQLite: orders/s"),
    Figure("importer_orders_per_s", "importer, read batch to commit, PostgreSQL: orders/s"),
    Figure("importer_over_core_insert", "importer over Core inserts of the same orders", at_least=0.6),
    Figure("importer_orders_per_s_sqlite", "importer, read batch to commit, SQLite: orders/s"),
    Figure("importer_over_core_insert_sqlite", "importer over Core inserts, SQLite"),
    Figure("sender_mails_per_s", "sender, one connection to Postfix: mails/s"),
    Figure("sender_over_smtp_source", "sender over smtp-source -d -s 1, Postfix", at_least=0.9),
    Figure("sender_over_smtp_source_sink", "the same to smtp-sink"),
    Figure("sender_with_base_mails_per_s", "sender with its base, PostgreSQL, one thread: mails/s"),
    Figure("fetch_mails_per_s", "poller, fetch only: mails/s"),
    Figure("poller_over_imaplib", "poller over imaplib ranges of 100", at_least=0.18),
    Figure("whole_mails_per_s", "poller with archive and base: mails/s"),
    Figure("poller_archive_over_raw", "poller with archive over raw write and fsync", at_least=0.5),
    Figure("lists_page_ms", "page of 50 beside 100 000 orders on each side, PostgreSQL: CPU ms", at_most=50),
    Figure("lists_order_ms", "one order beside them, PostgreSQL: CPU ms", at_most=50),
    Figure("lists_page_ms_sqlite", "page of 50, SQLite: CPU ms", at_most=50),
    Figure("lists_order_ms_sqlite", "one order, SQLite: CPU ms", at_most=50),
    Figure("poll_1k_ms", "a poll that finds 10 new mails in a box of 1 000: ms"),
    Figure("poll_100k_over_1k", "the same in a box of 100 000 over that", at_most=1.5),
    Figure("latency_p50_s", "one order, idle sites, IDLE: median, s"),
    Figure("latency_p95_s", "its 95th percentile, s", at_most=2.5),
    Figure("idle_redis_commands_per_s", "Redis commands per second of an idle site", at_most=400),
    Figure("mailboxes_late", "many mailboxes: the longest time between two polls, in intervals", at_most=2),
    Figure("mailboxes_first_read_s", "all read once after all pollers started at once, s"),
    Figure("mailboxes_mail_p50_s", "a mail to one of them until archived: median, s"),
    Figure("mailboxes_mail_worst_s", "the slowest, s"),
    Figure("mailboxes_pollers_cpu_share", "CPU of the pollers, cores"),
    Figure("mailboxes_poller_rss_mib", "memory of the largest of them, MiB"),
    Figure("search_parties", "third parties among which is searched"),
    *(
        figure
        for suffix, base in (("", "PostgreSQL"), ("_sqlite", "SQLite"))
        for figure in (
            Figure(f"search_median_ms{suffix}", f"a search, {base}: median, ms"),
            Figure(f"search_p99_ms{suffix}", "its 99th percentile, ms", at_most=20),
            Figure(f"search_worst_ms{suffix}", "the slowest, ms", at_most=50),
            Figure(f"search_like_median_ms{suffix}", "LIKE '%x%' over the same columns: median, ms"),
            Figure(f"search_like_worst_ms{suffix}", "the slowest, ms"),
            Figure(f"parties_import_s{suffix}", f"10 000 third parties of a file, {base}: s"),
        )
    ),
    Figure("search_same_answers", "both give the same rows in the same order: 1", at_least=1),
    Figure("credit_customers", "customers of whom it is read what they owe"),
    *(
        figure
        for suffix, base in (("", "PostgreSQL"), ("_sqlite", "SQLite"))
        for figure in (
            Figure(f"credit_list_s{suffix}", f"the list of all, {base}: s", at_most=2),
            Figure(f"credit_list_cpu_s{suffix}", "its CPU time, server included, s"),
            Figure(f"credit_over_s{suffix}", "counting who is above the maximum, s", at_most=2),
            Figure(f"credit_over_cpu_s{suffix}", "its CPU time, s"),
        )
    ),
    Figure("invoice_run_notes", "delivery notes of three lines that a run invoices, twenty on one invoice"),
    *(
        figure
        for suffix, base in (("", "PostgreSQL"), ("_sqlite", "SQLite"))
        for figure in (
            Figure(f"invoice_preview_s{suffix}", f"their preview, {base}: s", at_most=5),
            Figure(f"invoice_run_s{suffix}", "their run, s", at_most=60),
            Figure(f"invoice_run_floor_s{suffix}", "writing the same rows and nothing else, s"),
            Figure(f"invoice_run_over_floor{suffix}", "the run over that", at_most=12),
        )
    ),
    Figure("invoice_run_peak_mib", "memory of the process that ran them, MiB", at_most=400),
    *(
        figure
        for suffix, base in (("", "PostgreSQL"), ("_sqlite", "SQLite"))
        for figure in (
            Figure(f"allocate_s{suffix}", f"choosing depots for 10 000 lines, {base}: s", at_most=5),
            Figure(f"allocate_floor_s{suffix}", "as many conditional updates and inserts, s"),
            Figure(f"allocate_over_floor{suffix}", "over that", at_most=10),
            Figure(f"pairs_s{suffix}", "12 orders between agencies for 10 000 customers' orders, s", at_most=10),
            Figure(f"pairs_floor_s{suffix}", "inserting as many rows, s"),
            Figure(f"pairs_over_floor{suffix}", "over that", at_most=8),
            Figure(f"goods_grew_mib{suffix}", "by how much the process grew, MiB", at_most=300),
            Figure(f"stock_show_ms{suffix}", "what lies of a product in 50 depots: median, ms", at_most=20),
            Figure(
                f"slips_orders_per_s{suffix}",
                f"picking slips of 8 lines, from the order to its delivery note, {base}: orders/s",
                at_least=50 if suffix else 100,
            ),
            Figure(f"slips_over_floor{suffix}", "over writing the rows that come of it"),
        )
    ),
    Figure(
        "slips_from_allocation_orders_per_s",
        "orders of 8 lines, allocated and delivered by slips, PostgreSQL: orders/s",
    ),
    Figure("tryton_shipments_per_s", "shipments of 8 lines of Tryton, assigned, picked, packed and done: shipments/s"),
    Figure("slips_over_tryton", "ours over theirs", at_least=1),
    Figure("fec_lines", "lines of the tax office's file of entries"),
    *(
        figure
        for suffix, base in (("", "PostgreSQL"), ("_sqlite", "SQLite"))
        for figure in (
            Figure(f"fec_s{suffix}", f"writing it, {base}: s"),
            Figure(f"fec_ratio{suffix}", "over writing the same lines, which are not read from a base"),
            Figure(f"fec_grew_mib{suffix}", "by how much the process grew, MiB", at_most=150),
        )
    ),
    *(
        figure
        for name, text in (
            ("composer", "start of the composer"),
            ("sender", "start of the sender"),
            ("poller", "start of the poller"),
            ("importer", "start of the importer"),
            ("dispatcher", "start of the dispatcher"),
            ("help", "intergestan --help"),
            ("orders_list", "intergestan orders list"),
            ("holds_list", "intergestan holds list"),
            ("status", "intergestan status"),
        )
        for figure in (
            Figure(f"start_{name}_ms", f"{text}: CPU ms"),
            Figure(f"start_{name}_floor_ms", "the third-party imports it cannot do without"),
            Figure(f"start_{name}_over_floor", "over that", at_most=1.3),
        )
    ),
    Figure("idle_cpu_percent", "CPU of the five services of an idle site, % of a core", at_most=2),
    Figure("idle_dispatcher_cpu_percent", "of its dispatcher", at_most=0.5),
    Figure("idle_rss_mib", "memory of the largest idle service process, MiB", at_most=80),
    Figure("idle_site_pss_mib", "memory of all of an idle site's, what they share counted once, MiB"),
)


def table(values: Mapping[str, Value]) -> str:
    """For people: the figures that were measured."""
    rows = [
        (figure.text, _shown(value), figure.target(), figure.verdict(value))
        for figure in FIGURES
        if isinstance(value := values.get(figure.name), float | int)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def as_json(values: Mapping[str, Value]) -> str:
    """For programs: one line."""
    return json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()})


def _shown(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"
