"""Promise: every service that reads or signs objects finds the bucket by the same names."""

from __future__ import annotations

from pydantic import Field, SecretStr

from kioku_rt.objects.settings import S3Settings
from kioku_rt.settings import RuntimeSettings


class StorageSettings(RuntimeSettings):
    """`RuntimeSettings` and where the private bucket is.

    `S3_PUBLIC_ENDPOINT` (no prefix; the specification's name) is the host that is signed into URLs;
    without it the services' own endpoint is.
    """

    s3_endpoint: str = "http://127.0.0.1:8080"
    s3_public_endpoint: str = Field(default="", validation_alias="S3_PUBLIC_ENDPOINT")
    s3_bucket: str = "kioku"
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    s3_url_ttl_seconds: int = Field(default=300, ge=1, le=3600)

    def s3_settings(self) -> S3Settings:
        """Say how to reach the bucket."""
        return S3Settings(
            endpoint=self.s3_endpoint,
            public_endpoint=self.s3_public_endpoint or self.s3_endpoint,
            bucket=self.s3_bucket,
            region=self.s3_region,
            access_key=self.s3_access_key.get_secret_value(),
            secret_key=self.s3_secret_key.get_secret_value(),
            url_ttl_seconds=self.s3_url_ttl_seconds,
        )
