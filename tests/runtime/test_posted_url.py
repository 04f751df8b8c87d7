"""What we post is encrypted, or does not leave the machine."""

from datetime import timedelta
from pathlib import Path

import pytest

from intergestan_exchange.mail_accounts.oauth_client import OAuthClient
from intergestan_exchange.mail_accounts.oauth_providers import Provider
from intergestan_runtime.archive_s3 import Bucket, S3Archive
from intergestan_runtime.otlp_tracer import OtlpTracer
from intergestan_runtime.posted_url import check_posted, is_plain
from intergestan_runtime.sections import Invalid
from intergestan_runtime.settings import AlarmSettings, SiteSettings, TracingSettings
from intergestan_runtime.webhook import post
from tests.patience import PATIENCE, eventually
from tests.servers import S3Server
from tests.servers.otlp import OtlpReceiver
from tests.servers.tokens import TokenServer
from tests.servers.webhook import WebhookServer

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
    assert SiteSettings(data_dir=Path(), archive_endpoint=url).archive_endpoint == url
    assert is_plain(url) == url.startswith("http:")


@pytest.mark.parametrize("url", BAD)
def test_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="https://") as refused:
        check_posted(url)
    assert "s3cret" not in str(refused.value)
    for table, name in (
        (AlarmSettings, "webhook_url"),
        (TracingSettings, "endpoint"),
        (SiteSettings, "archive_endpoint"),
    ):
        with pytest.raises((Invalid, ValueError)):
            table(**{name: url})


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names a proxy, where nobody listens: what goes there comes back as an error."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


@pytest.mark.usefixtures("proxied")
def test_a_webhook_of_this_machine_goes_through_no_proxy() -> None:
    with WebhookServer() as hook:
        post(hook.url, {"a": 1})
        assert hook.posted == [{"a": 1}]


@pytest.mark.usefixtures("proxied")
def test_nor_does_a_trace() -> None:
    with OtlpReceiver() as receiver:
        tracer = OtlpTracer(receiver.endpoint, "sender", "shop")
        with tracer.step("send", None):
            pass
        eventually(lambda: receiver.spans)


def test_nor_does_a_mail_for_the_archive(request: pytest.FixtureRequest) -> None:
    with S3Server() as s3:
        url = s3.make_bucket("here")
        request.getfixturevalue("proxied")  # what starts the server asks it by http as well
        bucket = Bucket(url=url, endpoint=s3.endpoint, key=s3.key, patience=timedelta(seconds=PATIENCE))
        (name,) = S3Archive(bucket).put_many([b"mail"])
        assert S3Archive(bucket).get(name) == b"mail"


@pytest.mark.usefixtures("proxied")
def test_nor_does_a_token() -> None:
    with TokenServer(lambda address, seconds: f"{address} {seconds}", "a@shop.test") as tokens:
        provider = Provider(token_endpoint=f"{tokens.url}/token")
        client = OAuthClient(provider=provider, client_id="client")
        assert client.refresh(tokens.new_refresh_token()).access
