"""The sender of webhooks: each scenario has its own way of delivery, and a refused webhook is sent again."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from tests.sandboxes.options import Options
from tests.sandboxes.scenarios import COPIES, Scenario, timestamp
from tests.sandboxes.store import Json, Store

Sign = Callable[[bytes, int, str], dict[str, str]]
"""Return the headers for a body, the stated time in seconds since 1970, and the secret."""
TIMEOUT = 30
HOLD = 30
"""The seconds that a webhook waits for a later one with `out_of_order`."""


class Webhooks:
    """The webhooks of a sandbox. Waiting webhooks survive a restart."""

    def __init__(self, store: Store, options: Options, sign: Sign) -> None:
        self._store, self._options, self._sign = store, options, sign

    def send(self, reference: str, event_id: str, body: str, scenario: Scenario) -> None:
        """Queue a webhook, as its scenario says."""
        is_lost = scenario is Scenario.LOST_WEBHOOK or self.is_suppressed
        is_first = not self._store.find("webhook", reference=reference)
        delay = HOLD if scenario is Scenario.OUT_OF_ORDER and is_first else self._options.webhook_delay
        webhook = {
            "id": event_id,
            "reference": reference,
            "body": body,
            "scenario": scenario,
            "status": "lost" if is_lost else "waiting",
            "due_at": time.time() + delay,
            "answers": [],
        }
        for copy in range(COPIES if scenario is Scenario.DUPLICATE_WEBHOOKS else 1):
            self._put(webhook | {"key": f"{event_id}-{copy}"})

    @property
    def is_suppressed(self) -> bool:
        """Whether all new webhooks are lost."""
        return bool((self._store.get("setting", "suppressed") or {}).get("value"))

    def suppress(self, suppressed: bool) -> None:  # noqa: FBT001  the setting itself
        """Lose all new webhooks from now on, or send them again."""
        self._store.put("setting", "suppressed", {"value": suppressed})

    def replay(self, **fields: str) -> int:
        """Send the chosen webhooks once more, such as `reference="..."`. Return their number."""
        with self._store.transaction():
            found = self._store.find("webhook", **fields)
            for webhook in found:
                self._put(webhook | {"status": "waiting", "due_at": time.time(), "answers": []})
        return len(found)

    def sent(self, **fields: str) -> list[Json]:
        """Return webhooks with their status and the answers of the receiver, oldest first."""
        return self._store.find("webhook", **fields)

    def wait(self, reference: str, seconds: float = 10) -> None:
        """Wait until each due webhook of a reference was tried."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and any(
            not webhook["answers"] for webhook in self.sent(reference=reference, status="waiting")
        ):
            time.sleep(0.02)

    def deliver_due(self) -> None:
        """Send the webhooks that are due."""
        now = time.time()
        due = [one for one in self._store.find("webhook", status="waiting") if one["due_at"] <= now]
        for webhook in sorted(due, key=lambda one: float(one["due_at"])):
            self._deliver(webhook)

    def _deliver(self, webhook: Json) -> None:
        status = self._post(webhook)
        with self._store.transaction():
            webhook["answers"].append(status)
            is_accepted = 200 <= status < 300
            if is_accepted or len(webhook["answers"]) >= self._options.max_tries:
                webhook["status"] = "delivered" if is_accepted else "failed"
            webhook["due_at"] = time.time() + self._options.retry_seconds * 2 ** (len(webhook["answers"]) - 1)
            self._put(webhook)
            self._release_held(webhook)

    def _post(self, webhook: Json) -> int:
        """Return the status of the receiver's answer, or 0 if there is none."""
        if not self._options.webhook_url:
            return 0
        scenario, body = Scenario(webhook["scenario"]), webhook["body"].encode()
        wrong = "wrong-" if scenario is Scenario.WRONG_SIGNATURE else ""
        headers = self._sign(body, timestamp(scenario, time.time()), wrong + self._options.webhook_secret)
        request = urllib.request.Request(  # noqa: S310  our own gateway
            self._options.webhook_url, body, {"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310  as above
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def _release_held(self, sent: Json) -> None:
        """Let the first webhook of `out_of_order` go, after a later one."""
        if sent["scenario"] == Scenario.OUT_OF_ORDER:
            for held in self.sent(reference=sent["reference"], status="waiting"):
                if not held["answers"]:
                    self._put(held | {"due_at": min(held["due_at"], time.time() + self._options.webhook_delay)})

    def _put(self, webhook: Json) -> None:
        self._store.put("webhook", webhook["key"], webhook)


class Worker(threading.Thread):
    """The thread that does what is due."""

    def __init__(self, *tasks: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._tasks, self._ended = tasks, threading.Event()

    def run(self) -> None:
        """Do the tasks until the end."""
        while not self._ended.wait(0.03):
            for task in self._tasks:
                task()

    def end(self) -> None:
        """Stop, and wait for the task of the moment."""
        self._ended.set()
        self.join(timeout=TIMEOUT)
