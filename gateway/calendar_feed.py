"""The calendar feed for calendar programs, which send the secret of a link instead of a token."""

import orjson

from chassis.call import Call
from contracts.scheduling.calendar_feed import GetCalendar
from gateway.dependencies import Gateway
from gateway.server.http import Answer
from gateway.server.requests import Request

URL = "/api/users/me/calendar.ics"
CALENDAR = "text/calendar"
HEADERS = [("Content-Type", f"{CALENDAR}; charset=utf-8"), ("Cache-Control", "no-store")]


def show(gateway: Gateway, request: Request) -> Answer:
    """Return the calendar of a link. Parameters that the program adds to the URL are ignored."""
    call = Call(request_id=request.id, address=request.address)
    payload = {name: value for name, value in request.query().items() if name == "token"}
    with gateway.lines.turn(GetCalendar) as seconds:
        reply = gateway.rpc.call(GetCalendar.service, GetCalendar.method(), payload, call, seconds)
    return 200, HEADERS, orjson.loads(reply.result_bytes)["text"].encode()
