from tests.services.dispatcher.test_due import site, sqlite_site

__all__ = ["site", "sqlite_site"]
