"""Demographics, record numbers and search words of patients."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from chassis.persistence.tables import BigSerial, Moment
from services.clinical.models.patients import Sortable

# Numbers, keys and words must be the same as those of the service.
from services.clinical.patients import rules

revision: str = "0002"
down_revision: str | None = "0001"
BATCH = 1000

PATIENT = sa.table("patient", *(sa.column(name) for name in ("id", "mrn", "name", "name_key", "email", "email_key")))
NUMBER = sa.table("record_number", sa.column("number"), sa.column("patient_id"))
WORD = sa.table("patient_word", sa.column("word"), sa.column("patient_id"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "record_number",
        sa.Column("number", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("patient_id", sa.Uuid, nullable=False),
    )
    _add_columns()
    _fill()
    _tighten()
    _create_words()
    op.add_column("audit", sa.Column("details", sa.JSON))


def _add_columns() -> None:
    with op.batch_alter_table("patient") as patient:
        patient.alter_column("email", existing_type=sa.String(254), nullable=True)
        for column in (
            sa.Column("mrn", sa.String(20)),
            sa.Column("name_key", Sortable),
            sa.Column("given_name", sa.String(99)),
            sa.Column("family_name", sa.String(99)),
            sa.Column("birth_date", sa.Date),
            sa.Column("sex", sa.String(10)),
            sa.Column("phone", sa.String(16)),
            sa.Column("email_key", sa.String(254)),
            sa.Column("address", sa.JSON),
            sa.Column("blood_group", sa.String(3)),
            sa.Column("emergency_contact", sa.JSON),
            sa.Column("deceased_at", Moment),
            sa.Column("erased_at", Moment),
            sa.Column("revision", sa.Integer),
        ):
            patient.add_column(column)


def _fill() -> None:
    """Give record numbers to existing patients, in the order of their arrival."""
    connection = op.get_bind()
    op.execute("INSERT INTO record_number (patient_id) SELECT id FROM patient ORDER BY id")
    op.execute("UPDATE patient SET sex = 'unknown', revision = 1")
    patient_id = sa.bindparam("b_id")
    keys = {name: sa.bindparam(f"b_{name}") for name in ("mrn", "name_key", "email_key")}
    for rows in _known(connection):
        found = [
            {
                "b_id": row.id,
                "b_mrn": rules.mrn(row.number),
                "b_name_key": rules.name_key(row.name),
                "b_email_key": rules.email_key(row.email),
            }
            for row in rows
        ]
        connection.execute(sa.update(PATIENT).where(PATIENT.c.id == patient_id).values(keys), found)


def _known(connection: sa.Connection) -> Iterator[list[Any]]:
    """Yield batches of patients with their numbers."""
    last = 0
    query = sa.select(PATIENT.c.id, PATIENT.c.name, PATIENT.c.email, NUMBER.c.number)
    query = query.join(NUMBER, NUMBER.c.patient_id == PATIENT.c.id).order_by(NUMBER.c.number).limit(BATCH)
    while rows := list(connection.execute(query.where(NUMBER.c.number > last))):
        yield rows
        last = rows[-1].number


def _tighten() -> None:
    with op.batch_alter_table("patient") as patient:
        kinds = {"mrn": sa.String(20), "name_key": Sortable, "sex": sa.String(10), "revision": sa.Integer()}
        for name, kind in kinds.items():
            patient.alter_column(name, existing_type=kind, nullable=False)
        patient.create_unique_constraint("uq_patient_mrn", ["mrn"])
    op.create_index("ix_patient_name_key_id", "patient", ["name_key", "id"])
    for name in ("birth_date", "email_key"):
        op.create_index(f"ix_patient_{name}", "patient", [name])


def _create_words() -> None:
    """Runs last: SQLite rebuilds a changed table, and cannot do that while another table refers to it."""
    op.create_table(
        "patient_word",
        sa.Column("word", Sortable, primary_key=True),
        sa.Column("patient_id", sa.Uuid, sa.ForeignKey("patient.id"), primary_key=True),
    )
    connection = op.get_bind()
    for rows in _known(connection):
        words = [{"word": word, "patient_id": row.id} for row in rows for word in sorted(rules.words_of(row.name))]
        if words:
            connection.execute(sa.insert(WORD), words)
    op.create_index("ix_patient_word_patient_id", "patient_word", ["patient_id"])


def downgrade() -> None:
    """Revert."""
    op.drop_column("audit", "details")
    op.drop_table("patient_word")
    op.drop_table("record_number")
    op.execute("UPDATE patient SET email = '' WHERE email IS NULL")
    for name in ("name_key_id", "birth_date", "email_key"):
        op.drop_index(f"ix_patient_{name}", "patient")
    with op.batch_alter_table("patient") as patient:
        patient.drop_constraint("uq_patient_mrn", type_="unique")
        patient.alter_column("email", existing_type=sa.String(254), nullable=False)
        for name in ("mrn", "name_key", "given_name", "family_name", "birth_date", "sex", "phone", "email_key"):
            patient.drop_column(name)
        for name in ("address", "blood_group", "emergency_contact", "deceased_at", "erased_at", "revision"):
            patient.drop_column(name)
