"""Refusals of uploads and downloads."""

from chassis.errors import Unavailable
from chassis.refusals import Refusal
from gateway.files.contents import FILE_NOT_AS_DECLARED, FILE_TOO_EXPANSIVE
from gateway.problems import BadRequest, TooLarge, UnsupportedMedia

NOT_A_FORM = Refusal(
    UnsupportedMedia,
    "not_a_form",
    "Send the file as multipart/form-data.",
    "The body is not `multipart/form-data` with a boundary of at most 70 characters.",
)
BAD_FORM = Refusal(
    BadRequest,
    "bad_form",
    "The form is malformed.",
    "The body does not conform to `multipart/form-data` (RFC 7578), or a part has a `Content-Transfer-Encoding`.",
)
UNSUPPORTED_FILE = Refusal(
    UnsupportedMedia,
    "unsupported_file",
    "Send a PDF, PNG, JPEG or DICOM file.",
    "The `Content-Type` of the part is not `application/pdf`, `image/png`, `image/jpeg` or `application/dicom`.",
)
FILE_TOO_LARGE = Refusal(
    TooLarge, "file_too_large", "A file has at most 20 MiB.", "The file is larger than 20 MiB, or the form around it."
)
STORE_DOWN = Refusal(
    Unavailable,
    "store_down",
    "The store of files does not answer.",
    "The store of files does not answer, or has lost the file. Nothing was changed.",
)
OF_UPLOADS = (
    NOT_A_FORM,
    BAD_FORM,
    UNSUPPORTED_FILE,
    FILE_TOO_LARGE,
    FILE_NOT_AS_DECLARED,
    FILE_TOO_EXPANSIVE,
    STORE_DOWN,
)
"""The refusals of each route with a form."""
OF_DOWNLOADS = (STORE_DOWN,)
