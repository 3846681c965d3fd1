"""The connection to Stripe: the official SDK, with a limit for all requests of a call together."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import stripe
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout
from stripe import RequestsClient, StripeClient

from services.billing import settings
from services.billing.providers.port import ProviderDownError, ProviderRefusedError

Timeout = None | float | tuple[float, float] | tuple[float, None]
Certificate = None | bytes | str | tuple[bytes | str, bytes | str]

# The SDK would write an id into the home folder and send it with each request.
stripe.enable_telemetry = False
# The SDK imports its services at their first use. Here no green thread waits for it.
LOADED = StripeClient("no-key").v1.checkout.sessions

CALL_SECONDS = 12.0
"""The time of a call with all its requests and retries. The deadline of a command is 15 s."""
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
LEAST_SECONDS = 0.5
RETRIES = 1


class BoundAdapter(HTTPAdapter):
    """Sends the requests of one call, and waits in green sockets until the time of the call is over."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._ends_at = time.monotonic() + seconds

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  the signature of requests
        timeout: Timeout = None,  # noqa: ARG002  as above
        verify: bool | str = True,  # noqa: FBT001, FBT002  as above
        cert: Certificate = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request, with the rest of the time as its limit. The given limit of the SDK is ignored."""
        left = self._ends_at - time.monotonic()
        if left < LEAST_SECONDS:
            raise ConnectTimeout("The time of the call is over.", request=request)
        connect = min(CONNECT_SECONDS, left / 2)
        return super().send(request, stream, (connect, min(ANSWER_SECONDS, left - connect)), verify, cert, proxies)


@contextmanager
def connected(seconds: float = CALL_SECONDS) -> Iterator[StripeClient]:
    """Yield a client, for a call of so many seconds. Raises the errors of the port for those of the SDK."""
    account = settings.current().stripe
    if account is None:
        raise ProviderDownError("Stripe has no settings")
    with _session(seconds) as session:
        http = RequestsClient(session=session)
        try:
            yield StripeClient(
                account.secret_key, base_addresses={"api": account.url}, http_client=http, max_network_retries=RETRIES
            )
        except stripe.StripeError as error:
            raise _of_the_port(error) from None


def _session(seconds: float) -> Session:
    session, adapter = Session(), BoundAdapter(seconds)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def is_missing(error: stripe.InvalidRequestError) -> bool:
    """Return whether Stripe knows no object of the asked id."""
    return error.code == "resource_missing"


def _of_the_port(error: stripe.StripeError) -> ProviderDownError | ProviderRefusedError:
    """Return the error of the port. Only an invalid request or a declined card is certain to have done nothing.

    A wrong API key counts as down: a corrected key makes the same call succeed. The same key with other parameters
    counts as down too, because the first request may have succeeded. The text has no message of Stripe, which may
    repeat personal data.
    """
    text = f"{type(error).__name__} {error.http_status} {error.code} {error.request_id}"
    is_refusal = isinstance(error, stripe.InvalidRequestError | stripe.CardError)
    return ProviderRefusedError(text) if is_refusal else ProviderDownError(text)
