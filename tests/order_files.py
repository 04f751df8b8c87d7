"""How tests read files of orders: what they have made themselves in this process, the cases in a limited child."""

from __future__ import annotations

from functools import partial

from intergestan_erp.order_files import order_drop, order_files
from intergestan_erp.order_files.order_reading import LimitedOrders
from intergestan_erp.order_files.read_orders import read_here

import_file = partial(order_files.import_file, read=read_here)
enter = partial(order_drop.enter, read=read_here)
limited_orders = LimitedOrders()
"""Begun when it is first asked; its child ends with this process."""
