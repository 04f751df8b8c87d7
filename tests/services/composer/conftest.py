"""The pairs of sites of the pipeline's tests."""

from tests.pipeline.conftest import made_pairs, make_pair, pool, sites, sqlite_sites

__all__ = ["made_pairs", "make_pair", "pool", "sites", "sqlite_sites"]
