"""Measurements; none of it runs in production."""

import services  # noqa: F401 - sets gRPC up as in production, before a row imports it
