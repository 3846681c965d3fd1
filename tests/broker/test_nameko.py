"""Stock nameko clients and services work with ours, without our code."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import eventlet
import pytest
from nameko.containers import ServiceContainer
from nameko.events import event_handler
from nameko.rpc import rpc
from nameko.standalone.rpc import ClusterRpcProxy
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.errors import Conflict, Forbidden, Internal, Unauthenticated
from services.auth.service import AuthService
from services.auth.sessions import keys
from services.scheduling.models.availability import AvailabilityRule
from services.scheduling.models.directory import Doctor
from services.scheduling.service import SchedulingService
from tests import ward
from tests.broker.place import Place, refusal, soon
from tests.ward import Ward

NOON = time(12)


class Listener:
    """A stock nameko service of another department."""

    name = "listener"
    heard: list[dict[str, Any]] = []  # noqa: RUF012  the fixture clears it

    @event_handler("scheduling", "appointment_requested")
    def on_appointment_requested(self, data: dict[str, Any]) -> None:
        self.heard.append(data)


class Clerk:
    """A stock nameko service that answers."""

    name = "clerk"

    @rpc
    def add(self, a: int, b: int) -> int:
        return a + b

    @rpc
    def fail(self) -> None:
        raise ValueError("Asha Rao owes us money")


@pytest.fixture
def stock(place: Place) -> Iterator[Any]:
    """Start stock nameko services."""
    Listener.heard.clear()

    def start(service: type) -> None:
        container = ServiceContainer(service, {"AMQP_URI": place.url})
        container.start()
        place.closing.append(container.kill)

    return start


def calling(place: Place, service: str, method: str, *, token: str | None = None, **payload: Any) -> Any:
    """Call a service as any nameko program does, and return the answer."""
    context = {} if token is None else {"auth_token": token}

    def call() -> Any:
        with ClusterRpcProxy({"AMQP_URI": place.url}, context_data=context, timeout=5) as proxy:
            return getattr(getattr(proxy, service), method)(**payload)

    return eventlet.spawn(call).wait()


def open_calendar(place: Place) -> tuple[UUID, datetime]:
    """A doctor who works all day, every day, and a free time."""
    doctor = Doctor(id=uuid7(), name="Dr Lena Weiss", specialization="cardiology", changed_by=1)
    with place.database("scheduling").begin() as session:
        session.add(doctor)
        session.flush()
        for weekday in range(7):
            hours = {"from_": time(0), "to": time(23, 30), "slot_minutes": 30}
            session.add(AvailabilityRule(doctor_id=doctor.id, weekday=weekday, **hours))
    starts_at = datetime.combine(clock.now().date() + timedelta(days=2), NOON, clock.now().tzinfo)
    return doctor.id, starts_at


def test_stock_client_books_and_a_stock_service_receives_the_event(
    place: Place, stock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "_current", ward.settings())
    place.serve(SchedulingService)
    stock(Listener)
    doctor_id, starts_at = open_calendar(place)
    patient = uuid7()
    body = {"doctor_id": str(doctor_id), "patient_id": str(patient), "starts_at": starts_at.isoformat()}
    token = place.mint.token("patient", person=patient)
    visit = calling(place, "scheduling", "book_appointment", token=token, **body)
    assert (visit["status"], visit["patient_id"]) == ("requested", str(patient))
    soon(lambda: Listener.heard)
    assert [(one["appointment_id"], one["doctor_id"]) for one in Listener.heard] == [(visit["id"], str(doctor_id))]


def test_stock_client_reads_public_data_without_a_token(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ward.settings(jwks_file=place.folder / "public.json", signing_keys=place.folder / "private")
    monkeypatch.setattr(config, "_current", settings)
    keys.make_key(settings.signing_keys, settings.jwks_file)
    place.serve(AuthService)
    assert len(calling(place, "auth", "list_public_keys")["keys"]) == 1


def test_stock_client_without_a_token_is_refused_private_data(place: Place) -> None:
    place.serve(Ward)
    with pytest.raises(Unauthenticated) as refused:
        calling(place, "ward", "write_note", text="x")
    assert refused.value.code == "token_missing"


def test_stock_client_gets_our_errors(place: Place) -> None:
    place.serve(Ward)
    token = place.mint.token("nurse")
    calling(place, "ward", "write_note", token=token, text="x")
    with pytest.raises(Conflict) as refused:
        calling(place, "ward", "write_note", token=token, text="x")
    assert (refused.value.code, refused.value.detail) == ("text_taken", "There is such a note.")
    with pytest.raises(Forbidden):
        calling(place, "ward", "write_note", token=place.mint.token("visitor"), text="y")


def test_our_client_calls_a_stock_service(place: Place, stock: Any) -> None:
    stock(Clerk)
    client = place.client(direct=False)
    assert client.call("clerk", "add", {"a": 1, "b": 2}, place.nurse(), 5.0).result == 3


def test_exception_text_of_a_stock_service_is_hidden(place: Place, stock: Any) -> None:
    stock(Clerk)
    client = place.client(direct=False)
    error = refusal(lambda: client.call("clerk", "fail", {}, place.nurse(), 5.0).result)
    assert isinstance(error, Internal)
    assert "Asha" not in str(error.as_dict())
