"""Texts of notifications and mails, rendered from the templates of a language.

`notifications.jinja` has one block per kind of notification; each block is one line. A mail has its own template with
the blocks `subject` and `body`. A name that a template uses and the caller does not pass is an error.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis import config
from contracts import money
from services.notify import rules

LANGUAGE = "en"
NOTIFICATIONS = "notifications"


def _in_words(moment: datetime | str) -> str:
    """Format a time, or its ISO text, on the hospital's clock."""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return rules.in_words(value, config.current().hospital_timezone)


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(),
)
_templates.filters.update(in_words=_in_words, day_in_words=rules.day_in_words, money=money.in_words)


def of_notification(kind: str, facts: Mapping[str, object]) -> str:
    """Render the text of a notification."""
    return _block(NOTIFICATIONS, kind, facts)


def of_mail(template: str, content: Mapping[str, object]) -> tuple[str, str]:
    """Render the subject and the body of a mail."""
    facts = {**content, "public_url": config.current().public_url}
    return _block(template, "subject", facts), _block(template, "body", facts) + "\n"


def _block(name: str, block: str, facts: Mapping[str, object]) -> str:
    template = _templates.get_template(f"{LANGUAGE}/{name}.jinja")
    return "".join(template.blocks[block](template.new_context(dict(facts)))).strip()
