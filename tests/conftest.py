"""Fixtures that tests of several folders share."""

from tests.postgres import new_postgres_database
from tests.s3 import new_bucket, s3_endpoint

__all__ = ["new_bucket", "new_postgres_database", "s3_endpoint"]
