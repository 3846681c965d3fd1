"""Routes of attachments."""

from contracts.clinical.attachments import (
    AddAttachment,
    ArchiveAttachment,
    ListAttachments,
    ListMyAttachments,
    OpenAttachment,
)
from gateway.files.forms import Form
from gateway.files.routes import download, upload
from gateway.route import route

OF_PATIENT = "/api/doctors/patients/{patient_id}/attachments"


class AttachmentRoutes:
    """Files in the charts of patients."""

    add_attachment = upload(OF_PATIENT, AddAttachment, Form(file="file", field="file"))
    attachments_of_patient = route("GET", OF_PATIENT, ListAttachments)
    archive_attachment = route("POST", "/api/doctors/attachments/{attachment_id}/archive", ArchiveAttachment)
    my_attachments = route("GET", "/api/patient/attachments", ListMyAttachments, me="patient_id")
    attachment = download("/api/attachments/{attachment_id}", OpenAttachment)
