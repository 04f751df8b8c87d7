"""The time zone in whose days a site's documents are dated"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OTHERS = {
    **{"GP": "America/Guadeloupe", "MQ": "America/Martinique", "GF": "America/Cayenne", "RE": "Indian/Reunion"},
    **{"YT": "Indian/Mayotte", "PM": "America/Miquelon", "NC": "Pacific/Noumea", "WF": "Pacific/Wallis"},
    **{"BE": "Europe/Brussels", "LU": "Europe/Luxembourg", "CH": "Europe/Zurich", "DE": "Europe/Berlin"},
    **{"IT": "Europe/Rome", "ES": "Europe/Madrid", "PT": "Europe/Lisbon", "NL": "Europe/Amsterdam"},
    **{"GB": "Europe/London", "IE": "Europe/Dublin", "AT": "Europe/Vienna", "PL": "Europe/Warsaw"},
    **{"MA": "Africa/Casablanca", "DZ": "Africa/Algiers", "TN": "Africa/Tunis"},
}
"""The zones of countries other than France; what `init` takes today may change, this stays."""


def upgrade() -> None:
    zone = sa.Column("timezone", sa.String(length=64), server_default="Europe/Paris", nullable=False)
    op.add_column("site", zone)
    site = sa.table("site", sa.column("country", sa.String), sa.column("timezone", sa.String))
    for country, name in _OTHERS.items():
        op.execute(site.update().where(site.c.country == country).values(timezone=name))
    unknown = site.c.country.not_in(["FR", "MC", *_OTHERS])
    op.execute(site.update().where(unknown).values(timezone="UTC"))


def downgrade() -> None:
    op.drop_column("site", "timezone")
