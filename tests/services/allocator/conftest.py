from tests.site_factories import a_site, database, make_database

__all__ = ["a_site", "database", "make_database"]
