"""JSON requests over HTTPS to a payment provider, within one time limit for all requests of a call."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import reduce
from time import monotonic
from typing import NoReturn

import requests
import urllib3

from services.billing.providers.port import ProviderDownError, ProviderRefusedError

CALL_SECONDS = 11.0
"""The time for all requests of one call. `PayInvoice` answers its caller after 15 seconds."""
LIST_SECONDS = 120.0
"""The time for the pages of a list, which a timer reads."""
CONNECT_SECONDS, READ_SECONDS = 3.0, 8.0
LEAST_SECONDS = 0.2
"""A request does not start when less time is left."""
LARGEST_REPLY = 8 * 2**20
CHUNK = 64 * 2**10
LONGEST_REASON = 200
UNKNOWN = frozenset({401, 408, 425, 429})
"""The statuses below 500 that say nothing about the payment: wrong key, timeout, too early, too many requests."""
SERVER_ERROR, CLIENT_ERROR, REDIRECT = 500, 400, 300
MAX_PAGES = 1000

Json = Mapping[str, object]


class RefusalError(ProviderRefusedError):
    """The provider answers with a status of 400 to 499 and a JSON object."""

    def __init__(self, reason: str, status: int, code: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.reason, self.status, self.code = reason.casefold(), status, code


class _Bearer(requests.auth.AuthBase):
    """The secret key as a header. Unlike a header of the request, a .netrc file cannot replace it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Api:
    """A provider's interface, for one call of the port."""

    def __init__(self, url: str, key: str, seconds: float = CALL_SECONDS) -> None:
        self._url, self._auth = url, _Bearer(key)
        self._ends = monotonic() + seconds

    def get(self, path: str, **query: str) -> Json:
        """Ask a question. If the provider is down, ask once more within the time limit."""
        try:
            return self._send("GET", path, query, None)
        except ProviderDownError:
            if self._left() < LEAST_SECONDS:
                raise
            return self._send("GET", path, query, None)

    def post(self, path: str, body: bytes) -> Json:
        """Give an order in JSON, once."""
        return self._send("POST", path, {}, body)

    def pages(self, path: str, count: tuple[str, ...], **query: str) -> Iterator[Json]:
        """Yield the objects of `data` on all pages. `count` is the path to their number in a reply."""
        for number in range(1, MAX_PAGES + 1):
            reply = self.get(path, page=str(number), **query)
            found = list(rows(reply, "data"))
            yield from found
            last = text(reduce(part, count[:-1], reply), count[-1])
            if not found or (last is not None and last.isdecimal() and number >= int(last)):
                return
        raise ProviderDownError("the list does not end")

    def _left(self) -> float:
        """Return the seconds until the time limit."""
        return self._ends - monotonic()

    def _send(self, method: str, path: str, query: dict[str, str], body: bytes | None) -> Json:
        left = self._left()
        if left < LEAST_SECONDS:
            raise ProviderDownError("no time is left")
        try:
            with requests.request(
                method,
                f"{self._url}{path}",
                params=query,
                data=body,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                auth=self._auth,
                timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _checked(response.status_code, self._read(response))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise ProviderDownError(type(error).__name__) from None

    def _read(self, response: requests.Response) -> bytes:
        """Return the body, which has a limit of size and time."""
        body = b""
        # Unlike `iter_content`, `read1` returns what has come, so that the time is checked after each packet.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST_REPLY or self._left() < 0:
                raise ProviderDownError("the reply is too large or too slow")
        return body


def _checked(status: int, body: bytes) -> Json:
    """Return the JSON object of a successful reply."""
    if status >= SERVER_ERROR or status in UNKNOWN:
        raise ProviderDownError(f"status {status}")
    try:
        reply = parsed(body)
    except ValueError:
        reply = None
    if status >= CLIENT_ERROR:
        raise _refusal(status, reply or {})
    if reply is None or status >= REDIRECT:
        raise ProviderDownError(f"status {status} without a JSON object")
    return reply


def _refusal(status: int, reply: Json) -> RefusalError:
    code = reply.get("code")
    reason = " ".join(str(reply.get("message", "")).split())[:LONGEST_REASON]
    return RefusalError(reason, status, code if isinstance(code, str) else "")


def parsed(body: bytes) -> Json:
    """Return a JSON object whose fractions are decimal numbers. Raises `ValueError` for anything else."""
    found = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004  one error for all that cannot be read
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def part(data: Json, name: str) -> Json:
    """Return an object within an object; an empty one if there is none."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def rows(data: Json, name: str) -> Iterator[Json]:
    """Yield the objects of a list within an object."""
    found = data.get(name)
    yield from (row for row in (found if isinstance(found, list) else ()) if isinstance(row, dict))


def text(data: Json, *names: str) -> str | None:
    """Return the first of these fields that has a text or a whole number, as text."""
    for name in names:
        found = data.get(name)
        if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
            return str(found)
    return None


def required(data: Json, *names: str) -> str:
    """Return a field as `text` does. Raises `ProviderDownError` if the reply lacks it."""
    found = text(data, *names)
    if found is None:
        raise ProviderDownError(f"the reply lacks {names[0]}")
    return found
