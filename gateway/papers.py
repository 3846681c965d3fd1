"""`paper` and `statement`: entries of the route table whose reply is a file that billing has made."""

import base64
from collections.abc import Callable, Iterable

import orjson

from chassis.contract import Command, Role
from contracts.billing.papers import PaperType
from contracts.billing.statements import GetMyStatement, PrintMyStatement, StatementFormat
from gateway.dependencies import Gateway
from gateway.files.names import disposition
from gateway.payloads import payload_of
from gateway.route import JSON, Entry, call_of, narrowed, refuse_without_right, registered
from gateway.server.http import Answer
from gateway.server.requests import MAX_STRANGERS_BODY, Request

UTF_8 = {PaperType.CSV: "; charset=utf-8"}


def paper(
    url: str, contract: type[Command], *, me: str | None = None, roles: Iterable[Role] | None = None
) -> Callable[..., object]:
    """Map a URL to a query whose reply is a paper."""
    entry = Entry("GET", url, contract, me, 200, narrowed(contract, roles), "", None, (PaperType.PDF,))

    def answer(self: Gateway, request: Request) -> Answer:
        return _file(_asked(self, request, entry, lambda _payload: contract))

    return registered(answer, entry)


def statement(url: str) -> Callable[..., object]:
    """Map a URL to the caller's own statement. The field `format` chooses JSON or a file."""
    media = (JSON[1], *PaperType)
    entry = Entry("GET", url, GetMyStatement, "patient_id", 200, narrowed(GetMyStatement, None), "", None, media)

    def contract_of(payload: dict[str, object]) -> type[Command]:
        is_file = payload.get("format") in (StatementFormat.CSV, StatementFormat.PDF)
        return PrintMyStatement if is_file else GetMyStatement

    def answer(self: Gateway, request: Request) -> Answer:
        reply = _asked(self, request, entry, contract_of)
        is_file = request.query().get("format") in (StatementFormat.CSV, StatementFormat.PDF)
        return _file(reply) if is_file else (200, [JSON], reply)

    return registered(answer, entry)


def _asked(
    gateway: Gateway, request: Request, entry: Entry, contract_of: Callable[[dict[str, object]], type[Command]]
) -> bytes:
    """Ask billing, and return the JSON of its reply."""
    with gateway.limits.admit(request, entry.contract, gateway.verifier) as (token, actor, _attempt):
        refuse_without_right(gateway, request, actor, entry)
        own = {entry.me: str(actor.person)} if entry.me else {}
        payload = payload_of(request, entry.contract, own, MAX_STRANGERS_BODY)
        contract = contract_of(payload)
        with gateway.lines.turn(contract, request.waited) as seconds:
            call = call_of(request, contract, token, "")
            return gateway.rpc.call(contract.service, contract.method(), payload, call, seconds).result_bytes


def _file(reply: bytes) -> Answer:
    """Return the file of a `PaperView`. It is saved and never shown as a page."""
    facts = orjson.loads(reply)
    media_type = PaperType(facts["media_type"])
    headers = [
        ("Content-Type", f"{media_type}{UTF_8.get(media_type, '')}"),
        ("Content-Disposition", disposition(facts["name"])),
        ("Cache-Control", "no-store"),
    ]
    return 200, headers, base64.b64decode(facts["content"])
