"""A plain web application with the same operations: FastAPI, SQLAlchemy's ORM on asyncpg, PyJWT, no broker, no events.

It follows the guides of its libraries, and runs in a separate virtual environment (requirements.txt).
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, ForeignKey, Text, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = os.environ["JWT_SECRET"]
VISIT = timedelta(minutes=30)

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)
hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
app = FastAPI()


class Base(DeclarativeBase):
    """The tables."""


class Account(Base):
    """A person who can log in."""

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)


class Doctor(Base):
    """A doctor."""

    __tablename__ = "doctor"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Appointment(Base):
    """An appointment. The database refuses overlapping appointments of a doctor (fastapi_schema.sql)."""

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[str] = mapped_column(Text, default="requested")
    reason: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)


class Patient(Base):
    """A patient."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True)


class AppointmentOut(BaseModel):
    """The view of an appointment."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    doctor_id: UUID
    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    reason: str | None
    revision: int


class LoginIn(BaseModel):
    """The body of a login."""

    email: str
    password: str


class BookIn(BaseModel):
    """The body of a booking."""

    doctor_id: UUID
    starts_at: AwareDatetime
    reason: str | None = Field(default=None, max_length=500)


async def current_user(authorization: Annotated[str, Header()]) -> UUID:
    """Return the person's id from the token."""
    try:
        return UUID(jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"])["sub"])
    except jwt.PyJWTError:
        raise HTTPException(401, "bad token") from None


async def session() -> AsyncIterator[AsyncSession]:
    """Yield a session for a request."""
    async with Session() as one:
        yield one


Db = Annotated[AsyncSession, Depends(session)]
Me = Annotated[UUID, Depends(current_user)]


@app.get("/health")
async def health() -> dict[str, bool]:
    """Report that the process runs."""
    return {"ok": True}


@app.post("/login")
async def login(body: LoginIn, db: Db) -> dict[str, str]:
    """Return a token for the correct password."""
    account = (await db.execute(select(Account).where(Account.email == body.email))).scalar_one_or_none()
    await db.close()  # Gives the connection back before the slow hash.
    if account is None:
        raise HTTPException(401, "bad credentials")
    try:
        await asyncio.to_thread(hasher.verify, account.password_hash, body.password)
    except VerifyMismatchError:
        raise HTTPException(401, "bad credentials") from None
    return {"token": jwt.encode({"sub": str(account.id), "exp": int(time.time()) + 900}, SECRET, "HS256")}


@app.get("/appointments")
async def list_appointments(me: Me, db: Db, limit: int = 20) -> list[AppointmentOut]:
    """Return the patient's appointments, latest first."""
    query = select(Appointment).where(Appointment.patient_id == me)
    rows = await db.scalars(query.order_by(Appointment.starts_at.desc(), Appointment.id.desc()).limit(min(limit, 100)))
    return [AppointmentOut.model_validate(row) for row in rows]


@app.post("/appointments", status_code=201)
async def book(body: BookIn, me: Me, db: Db) -> AppointmentOut:
    """Book an appointment."""
    visit = Appointment(patient_id=me, ends_at=body.starts_at + VISIT, **body.model_dump())
    db.add(visit)
    try:
        await db.commit()
    except IntegrityError:
        raise HTTPException(409, "slot taken") from None
    return AppointmentOut.model_validate(visit)
