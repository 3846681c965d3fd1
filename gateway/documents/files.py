"""Forms with a file, and replies that are a file, in the OpenAPI document."""

from collections.abc import Iterable

from chassis.errors import MatronError
from chassis.refusals import Refusal
from contracts.clinical.attachments import MediaType
from gateway.documents.objects import Media, Schema
from gateway.files.forms import Form
from gateway.files.refusals import OF_DOWNLOADS, OF_UPLOADS
from gateway.route import Entry

ANY_BYTES = "application/octet-stream"
CONTENT: Schema = {"type": "string", "format": "binary"}
FILE: Schema = {**CONTENT, "description": "A PDF, PNG, JPEG or DICOM file of at most 20 MiB.", "examples": ["(bytes)"]}


def content_of(form: Form, fields: Schema) -> dict[str, Media]:
    """Return the media types of the body of an upload. `fields` is the schema of its other fields."""
    part = {**fields, "description": "The fields, as JSON."} if form.data else fields
    parts = {form.data: Schema(**part)} if form.data else fields["properties"]
    required = [form.data] if form.data else fields.get("required", [])
    schema: Schema = {
        "type": "object",
        "properties": {**parts, form.file: FILE},
        "required": sorted([*required, form.file]),
        "additionalProperties": False,
    }
    encoding = {form.file: {"contentType": ", ".join(MediaType)}}
    if form.data:
        encoding[form.data] = {"contentType": "application/json"}
    made: dict[str, Media] = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    return {"application/json": {"schema": fields}, **made} if form.takes_json else made


def reply_of(media: Iterable[str]) -> dict[str, Media]:
    """Return the media types of a reply that is a file. Client generators know only the last: any bytes."""
    return {media_type: {"schema": CONTENT, "example": "(bytes)"} for media_type in (*media, ANY_BYTES)}


def is_stored(entry: Entry) -> bool:
    """Return whether the reply is a stored file, whose digest is its `ETag`."""
    return bool(entry.media) and "sha256" in entry.contract.returns.schema().fields


def refusals_of(entry: Entry) -> tuple[Refusal[MatronError], ...]:
    """Return the refusals of a route because of its file."""
    return OF_UPLOADS if entry.form else OF_DOWNLOADS if is_stored(entry) else ()
