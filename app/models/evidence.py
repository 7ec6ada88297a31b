"""The files behind evidence: one row for each content, however many items show it."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.columns import moment_column


class EvidenceFile(SQLModel, table=True):
    """One stored content. Rows and objects are only ever added; `store_key` is where the store keeps it."""

    __tablename__ = "evidence_file"

    sha256: str = Field(primary_key=True, max_length=64)
    size: int = Field(sa_type=sa.BigInteger)
    media_type: str = Field(max_length=120)
    store_key: str = Field(max_length=80, unique=True)
    stored_at: datetime = moment_column()
