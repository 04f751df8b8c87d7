import pytest

from tests.erp.selling.by_hand import Counter
from tests.site_factories import SiteToTest


@pytest.fixture
def counter(a_site: SiteToTest) -> Counter:
    """A site that sells by hand."""
    return Counter(a_site)
