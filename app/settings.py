"""Every setting of the service, read once from the environment (prefix `IDTS_`)."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import limits
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """Frozen once read: nothing in the service changes its configuration while it runs."""

    model_config = SettingsConfigDict(env_prefix="IDTS_", frozen=True, extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    database_read_url: str = ""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 20
    admin_key: SecretStr | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    public_url: str = ""
    body_limit_bytes: Annotated[int, Field(ge=1024)] = MEBIBYTE
    evidence_url: str = ""
    evidence_s3_endpoint: str | None = None
    evidence_s3_region: str | None = None
    evidence_s3_access_key_id: str | None = None
    evidence_s3_secret_access_key: SecretStr | None = None
    evidence_limit_bytes: Annotated[int, Field(ge=1024)] = 25 * MEBIBYTE
    event_streams: Annotated[int, Field(ge=0, le=10_000)] = 200
    event_streams_per_key: Annotated[int, Field(ge=1, le=10_000)] = 20
    event_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    event_heartbeat_seconds: Annotated[float, Field(gt=0, le=300)] = 15.0
    event_stream_seconds: Annotated[float, Field(ge=0)] = 3600.0
    webhook_delivery: bool = True
    webhook_plain_http: bool = False
    webhook_private_addresses: bool = False
    webhook_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15.0
    rate_limit: str = ""
    jwt_keys: Path | None = None
    jwt_issuer: str = ""
    jwt_audience: str = ""
    checkpoint_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"

    @field_validator("database_url", "database_read_url")
    @classmethod
    def only_databases_we_test(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///path/to/file.db or postgresql+psycopg://user@host/database")
        return url

    @field_validator("evidence_url")
    @classmethod
    def only_stores_we_test(cls, url: str) -> str:
        parts = urlsplit(url)
        is_directory = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
        if url and not is_directory and not (parts.scheme == "s3" and parts.netloc):
            raise ValueError("use file:///path/to/directory or s3://bucket/prefix")
        return url

    @field_validator("admin_key")
    @classmethod
    def no_guessable_admin_key(cls, key: SecretStr | None) -> SecretStr | None:
        """A short admin key would be a default password under another name."""
        if key is not None and len(key.get_secret_value()) < 16:
            raise ValueError("use at least 16 characters, such as the output of `openssl rand -hex 32`")
        return key

    @field_validator("rate_limit")
    @classmethod
    def a_quota_that_can_be_kept(cls, quota: str) -> str:
        if quota:
            try:
                limits.parse(quota)
            except ValueError:
                raise ValueError("give a number and a period, such as 600/minute, or nothing for no quota") from None
        return quota

    @model_validator(mode="before")
    @classmethod
    def reached_where_it_listens(cls, values: dict[str, object]) -> dict[str, object]:
        """Without an address of its own the service is taken to be reached where it listens."""
        if not values.get("public_url"):
            host, port = str(values.get("host") or "127.0.0.1"), str(values.get("port") or "")
            values["public_url"] = f"http://{_reached_at(host)}:{port if port.strip('0') else 8000}"
        return values

    @model_validator(mode="after")
    def a_provider_is_named_whole(self) -> Self:
        """A key set without issuer and audience would take tokens that were made for other services."""
        if self.jwt_keys is not None and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("IDTS_JWT_KEYS needs IDTS_JWT_ISSUER and IDTS_JWT_AUDIENCE beside it")
        return self

    @model_validator(mode="before")
    @classmethod
    def defaults_live_under_the_data_directory(cls, values: dict[str, object]) -> dict[str, object]:
        directory = Path(str(values.get("data_dir") or "var"))
        if not values.get("database_url"):
            values["database_url"] = f"sqlite:///{directory / 'idts.db'}"
        if not values.get("evidence_url"):
            values["evidence_url"] = (directory / "evidence").absolute().as_uri()
        return values

    @property
    def signing_keys_dir(self) -> Path:
        """Where the private signing keys are; share or restore it with care."""
        return self.data_dir / "signing-keys"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a local SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def read_url(self) -> str:
        """The database that reads go to: the replica where there is one, else the primary."""
        return self.database_read_url or self.database_url

    @property
    def database_name(self) -> str:
        """The database for people and logs, without user or password."""
        parts = urlsplit(self.database_url)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _reached_at(host: str) -> str:
    """The host of an address at which what listens on `host` is reached from this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


def tell_workers(host: str, port: int) -> None:
    """Workers read the environment: what they print as their address is to be the one that is listened on."""
    os.environ |= {"IDTS_HOST": host, "IDTS_PORT": str(port)}
