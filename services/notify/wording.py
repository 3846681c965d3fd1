"""The words of notifications and mails, from the templates of a language.

`notifications.jinja` has a block per kind of notification, which is one line. A mail is a template of its own with the
blocks `subject` and `body`. A name that a template uses and nobody gives is an error, not an empty place.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis import config
from contracts import money
from services.notify import rules

LANGUAGE = "en"
NOTIFICATIONS = "notifications"


def _in_words(moment: datetime | str) -> str:
    """A moment, or the text that JSON makes of one, on the hospital's clock."""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return rules.in_words(value, config.current().hospital_timezone)


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),
)
_templates.filters.update(in_words=_in_words, money=money.in_words)


def of_notification(kind: str, facts: dict[str, Any]) -> str:
    """The line that a person reads about an event of this kind."""
    return _block(NOTIFICATIONS, kind, facts)


def of_mail(template: str, content: dict[str, Any]) -> tuple[str, str]:
    """Subject and body of a mail."""
    facts = {**content, "public_url": config.current().public_url}
    return _block(template, "subject", facts), _block(template, "body", facts) + "\n"


def _block(name: str, block: str, facts: dict[str, Any]) -> str:
    template = _templates.get_template(f"{LANGUAGE}/{name}.jinja")
    return "".join(template.blocks[block](template.new_context(facts))).strip()
