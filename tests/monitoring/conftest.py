"""Sites whose real services are watched."""

from tests.journey.conftest import journey_smtp, make_pair

__all__ = ["journey_smtp", "make_pair"]
