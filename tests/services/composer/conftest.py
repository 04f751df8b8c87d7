"""The pairs of sites of the pipeline's tests."""

from tests.pipeline.conftest import make_pair, plain_logs, pool, sites, sqlite_sites

__all__ = ["make_pair", "plain_logs", "pool", "sites", "sqlite_sites"]
