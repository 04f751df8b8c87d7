from tests.services.dispatcher.test_due import site, sqlite_site
from tests.site_factories import a_site, database, make_database

__all__ = ["a_site", "database", "make_database", "site", "sqlite_site"]
