from tests.services.console.desk import an_office, desk, portal
from tests.site_factories import database, make_database, paired_sites

__all__ = ["an_office", "database", "desk", "make_database", "paired_sites", "portal"]
