"""What we post is encrypted, or does not leave the machine."""

import pytest

from intergestan_runtime.posted_url import check_posted
from intergestan_runtime.sections import Invalid
from intergestan_runtime.settings import AlarmSettings, TracingSettings

GOOD = (
    "https://chat.example/s3cret",
    "http://127.0.0.1:8080/h",
    "http://127.8.8.8/",
    "http://[::1]:1/",
    "http://localhost/",
)
BAD = (
    *("http://chat.example/s3cret", "http://127.0.0.1.evil.example/s3cret", "http://127.0.0.1@evil.example/s3cret"),
    *("http://10.0.0.1/s3cret", "ftp://127.0.0.1/s3cret", "file:///s3cret", "https://", "s3cret", "http://[::1/s3cret"),
)


@pytest.mark.parametrize("url", GOOD)
def test_taken(url: str) -> None:
    assert check_posted(url) == url
    assert AlarmSettings(webhook_url=url).webhook_url == url


@pytest.mark.parametrize("url", BAD)
def test_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="https://") as refused:
        check_posted(url)
    assert "s3cret" not in str(refused.value)
    for table, name in ((AlarmSettings, "webhook_url"), (TracingSettings, "endpoint")):
        with pytest.raises((Invalid, ValueError)):
            table(**{name: url})
