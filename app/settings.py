"""Every setting of the service, read once from the environment (prefix `IDTS_`)."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

import limits
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024


class Settings(BaseSettings):
    """Frozen once read: nothing in the service changes its configuration while it runs."""

    model_config = SettingsConfigDict(env_prefix="IDTS_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    data_dir: Path = Path("var")
    """Where the database, files and keys are, unless another setting says otherwise."""
    database_url: str = ""
    """`sqlite:///path/to/file.db` or `postgresql+psycopg://user@host/database`. Without it: SQLite in IDTS_DATA_DIR."""
    database_read_url: str = ""
    """A read replica: reads go there. Without it they go to the database."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """How many connections a worker keeps to write, and how many to read. On PostgreSQL it has some ten more."""
    database_statement_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    """On PostgreSQL, how long the service lets one statement take; 0 for no limit. Commands have none."""
    database_idle_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    """On PostgreSQL, how long a transaction may wait for its next statement; 0 for no limit. Commands have none."""
    admin_key: SecretStr | None = None
    """The administrator's key, at least 16 characters. It is read at the first start only; without it a key is made."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """How many worker processes serve. One is best with SQLite."""
    public_url: str = ""
    """The address at which people reach the service. Statements print it. Without it: where the service listens."""
    body_limit_bytes: Annotated[int, Field(ge=1024)] = MEBIBYTE
    """The largest request body that is not a file (1 MiB)."""
    evidence_url: str = ""
    """Where evidence files are: `file:///directory` or `s3://bucket/prefix`. Without it: under IDTS_DATA_DIR."""
    evidence_s3_endpoint: str | None = None
    """The address of an S3-compatible store. Without it: the provider's own."""
    evidence_s3_region: str | None = None
    """The region of the bucket. Without it: the provider's own."""
    evidence_s3_access_key_id: str | None = None
    """The bucket's credentials: the key's id."""
    evidence_s3_secret_access_key: SecretStr | None = None
    """The bucket's credentials: the secret."""
    evidence_limit_bytes: Annotated[int, Field(ge=1024)] = 25 * MEBIBYTE
    """The largest evidence file (25 MiB)."""
    event_streams: Annotated[int, Field(ge=0, le=10_000)] = 200
    """How many streams of the change feed a worker serves at once."""
    event_streams_per_key: Annotated[int, Field(ge=1, le=10_000)] = 20
    """How many of them one key may have."""
    downloads_per_key: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many files one key may download from a worker at once."""
    event_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How often the feed looks for changes."""
    event_heartbeat_seconds: Annotated[float, Field(gt=0, le=300)] = 15.0
    """How often a quiet stream says that it is still there."""
    event_stream_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """How long a stream lasts before its reader resumes it."""
    webhook_delivery: bool = True
    """Whether this process delivers webhooks."""
    webhook_plain_http: bool = False
    """Whether webhooks may go over http, unencrypted."""
    webhook_private_addresses: bool = False
    """Whether webhooks may go to private addresses."""
    webhook_poll_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0
    """How often the service looks for deliveries that are due."""
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15.0
    """How long a receiver has to answer."""
    rate_limit: str = ""
    """How many requests each caller may make, such as `600/minute`. Without it there is no quota."""
    failed_keys_limit: str = "60/minute"
    """How many keys that are not accepted one address may send. Empty for no limit."""
    forwarded_allow_ips: str = "127.0.0.1"
    """The proxies, separated by commas, that are believed when they say which address they speak for."""
    cors_origins: str = ""
    """The origins, separated by commas, whose pages may call the API from a browser, such as `https://example.org`."""
    jwt_keys: Path | None = None
    """A file with the key set (JWKS) of an identity provider, whose tokens are then accepted beside keys."""
    jwt_issuer: str = ""
    """The issuer that those tokens must name."""
    jwt_audience: str = ""
    """The audience that those tokens must name."""
    checkpoint_minutes: Annotated[int, Field(ge=0, le=10_080)] = 60
    """How often the audit trail is signed; 0 means never."""
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    """`debug`, `info`, `warning` or `error`. The log is on stderr, one JSON object a line."""

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

    @field_validator("cors_origins")
    @classmethod
    def origins_by_name(cls, origins: str) -> str:
        """An origin is a scheme and a host; `*` would let any page on the internet call with a key that it got."""
        for origin in _listed(origins):
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("https", "http")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError("give origins such as https://example.org, separated by commas, without a path")
        return origins

    @field_validator("admin_key")
    @classmethod
    def no_guessable_admin_key(cls, key: SecretStr | None) -> SecretStr | None:
        """A short admin key would be a default password under another name."""
        if key is not None and len(key.get_secret_value()) < 16:
            raise ValueError("use at least 16 characters, such as the output of `openssl rand -hex 32`")
        return key

    @field_validator("rate_limit", "failed_keys_limit")
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
    def webhook_key_file(self) -> Path:
        """Where the key of the webhooks' secrets is; every machine that serves the same database needs it."""
        return self.data_dir / "webhook-key.json"

    @property
    def allowed_origins(self) -> list[str]:
        """The origins of `cors_origins`, one by one."""
        return _listed(self.cors_origins)

    @property
    def evidence_dir(self) -> Path | None:
        """Where evidence files are; None where they are in a bucket."""
        parts = urlsplit(self.evidence_url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

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


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _reached_at(host: str) -> str:
    """The host of an address at which what listens on `host` is reached from this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


def tell_workers(host: str, port: int, counts_dir: str | None) -> None:
    """Workers read the environment: the address that is listened on, and where several of them count together."""
    os.environ |= {"IDTS_HOST": host, "IDTS_PORT": str(port)}
    if counts_dir is not None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts_dir
