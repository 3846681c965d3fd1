"""Webhooks of payment providers: the raw body and the headers of signatures go to billing, which checks them."""

import base64

from chassis.call import Call
from chassis.refusals import NOT_FOUND
from contracts.billing.payments import Provider
from contracts.billing.webhooks import MOST_BYTES, ReceiveWebhook
from gateway.dependencies import Gateway
from gateway.route import JSON
from gateway.server.http import Answer
from gateway.server.requests import Request

URL = "/api/webhooks/{provider}"
SIGNATURES = ("stripe-signature", "x-paystack-signature", "verif-hash", "flutterwave-signature")
SENDERS = {provider.value for provider in Provider} - {Provider.SANDBOX}


def receive(gateway: Gateway, request: Request) -> Answer:
    """Answer after billing has stored the effect. A provider repeats the webhook after any other answer."""
    if request.path_values["provider"] not in SENDERS:
        raise NOT_FOUND()
    body = base64.b64encode(request.body(MOST_BYTES)).decode()
    headers = {name: value for name in SIGNATURES if (value := request.header(name.upper().replace("-", "_")))}
    payload = {"provider": request.path_values["provider"], "headers": headers, "body": body}
    call = Call(request_id=request.id, address=request.address)
    with gateway.lines.turn(ReceiveWebhook, request.waited) as seconds:
        reply = gateway.rpc.call(ReceiveWebhook.service, ReceiveWebhook.method(), payload, call, seconds)
    return 200, [JSON], reply.result_bytes
