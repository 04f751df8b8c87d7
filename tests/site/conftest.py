from tests.site_factories import (
    a_site,
    database,
    make_database,
    paired_sites,
    postgres_template,
    sqlite_template,
)

__all__ = ["a_site", "database", "make_database", "paired_sites", "postgres_template", "sqlite_template"]
