from tests.pipeline.conftest import made_pairs, make_pair, pool, sites
from tests.services.console.agencies_desk import agencies
from tests.services.console.deciding_desk import deciding
from tests.services.console.desk import an_office, desk, portal
from tests.services.console.sending_desk import sending
from tests.site_factories import database, make_database, paired_sites

__all__ = [
    "agencies",
    "an_office",
    "database",
    "deciding",
    "desk",
    "made_pairs",
    "make_database",
    "make_pair",
    "paired_sites",
    "pool",
    "portal",
    "sending",
    "sites",
]
