from tests.pipeline.conftest import made_pairs, make_pair, pool, sites
from tests.services.console.agencies_desk import agencies
from tests.services.console.books_desk import keeping
from tests.services.console.deciding_desk import deciding
from tests.services.console.desk import an_office, desk, portal
from tests.services.console.sending_desk import sending
from tests.site_factories import a_site, database, make_database, paired_sites

__all__ = [
    "a_site",
    "agencies",
    "an_office",
    "database",
    "deciding",
    "desk",
    "keeping",
    "made_pairs",
    "make_database",
    "make_pair",
    "paired_sites",
    "pool",
    "portal",
    "sending",
    "sites",
]
