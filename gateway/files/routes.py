"""`upload` and `download`: entries of the route table with a file in the request or the reply."""

from collections.abc import Callable

import orjson

from chassis.contract import Command
from chassis.refusals import WRONG_FIELDS
from contracts.clinical.attachments import MediaType
from gateway import etags
from gateway.dependencies import Gateway
from gateway.files.forms import Form, Received, is_form
from gateway.files.names import disposition
from gateway.payloads import UNKNOWN, payload_of
from gateway.route import (
    Entry,
    answer_of,
    answered,
    call_of,
    narrowed,
    refuse_without_right,
    registered,
)
from gateway.server.http import Answer
from gateway.server.requests import MAX_STRANGERS_BODY, Request

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


def upload(url: str, contract: type[Command], form: Form, *, status: int = 201) -> Callable[..., object]:
    """Map a URL to a command with a file. The gateway checks the right before it reads the body.

    The file is stored first. Then the command runs with the facts of the file in the field that the form names.
    """
    entry = Entry("POST", url, contract, None, status, narrowed(contract, None), "", form)
    plain = answer_of(entry)
    mark_of = etags.mark_of if etags.are_personal(contract, url) else etags.no_mark

    def answer(self: Gateway, request: Request) -> Answer:
        if form.takes_json and not is_form(request):
            return plain(self, request)
        with self.limits.admit(request, contract, self.verifier) as (token, actor, _attempt):
            refuse_without_right(self, request, actor, entry)
            call, mark = call_of(request, contract, token, mark_of(actor)), mark_of(actor)
            _refuse_query(request)
            with self.files.received(request, form, actor) as received:
                payload = {**_fields(request, received), form.field: received.file}
                reply = self.rpc.call(contract.service, contract.method(), payload, call, contract.deadline)
                body = reply.result_bytes
            self.files.forget_repeated(received.file, body)
        return answered(entry, reply, body, mark)

    return registered(answer, entry)


def _refuse_query(request: Request) -> None:
    names = request.query()
    if names:
        raise WRONG_FIELDS(errors={name: [UNKNOWN] for name in names})


def _fields(request: Request, received: Received) -> dict[str, object]:
    """Return the fields of the path and the form. Invalid: the form names a field of the path."""
    twice = received.fields.keys() & request.path_values.keys()
    if twice:
        raise WRONG_FIELDS(errors={name: [UNKNOWN] for name in twice})
    return {**request.path_values, **received.fields}


def download(url: str, contract: type[Command]) -> Callable[..., object]:
    """Map a URL to a query that opens a file. The service checks and records the reading."""
    entry = Entry("GET", url, contract, None, 200, narrowed(contract, None), "", None, tuple(MediaType))

    def answer(self: Gateway, request: Request) -> Answer:
        with self.limits.admit(request, contract, self.verifier) as (token, actor, _attempt):
            refuse_without_right(self, request, actor, entry)
            payload = payload_of(request, contract, {}, MAX_STRANGERS_BODY)
            call = call_of(request, contract, token, "")
            reply = self.rpc.call(contract.service, contract.method(), payload, call, contract.deadline)
        facts = orjson.loads(reply.result_bytes)
        headers = [
            ("Content-Type", facts["media_type"]),
            ("Content-Disposition", disposition(facts["name"])),
            ("Content-Security-Policy", POLICY),
            ("Cache-Control", "private, no-cache"),
            ("ETag", f'"{facts["sha256"]}"'),
        ]
        return 200, headers, self.files.sent(facts, request.id)

    return registered(answer, entry)
