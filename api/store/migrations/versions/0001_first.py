"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NAME = sa.String(500)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Pages, their labels, training runs."""
    op.create_table(
        "pages",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("url", sa.Text()),
        sa.Column("input", sa.String(8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("page_id", _NAME, sa.ForeignKey("pages.id", ondelete="CASCADE"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("annotator", _NAME),
        sa.Column("source", _NAME),
        sa.Column("model_name", _NAME),
        sa.Column("model_version", _NAME),
        sa.Column("labelled_at", _MOMENT, nullable=False),
    )
    op.create_index("labels_by_page", "labels", ["page_id", "revision"], unique=True)
    op.create_table(
        "training_runs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.Column("heartbeat", _MOMENT),
        sa.Column("worker", _NAME),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("log", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("outcome", sa.JSON()),
    )
    op.create_index("ix_training_runs_state", "training_runs", ["state"])
