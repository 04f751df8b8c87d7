"""The pairs of sites of the pipeline's tests."""

from tests.pipeline.conftest import make_pair, pool, sites, sqlite_sites

__all__ = ["make_pair", "pool", "sites", "sqlite_sites"]
