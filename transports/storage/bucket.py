"""A store in a bucket with S3's interface, through boto3.

Its sockets are green, so calls wait without blocking the process. See docs/decisions/0023-object-store.md.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from telemetry.logs import log_unexpected
from transports.storage.objects import PIECE, Probe, StoreError

PROBE_SECONDS = 30.0
PART = 5 * 1024 * 1024
"""Bytes of one part of an object: the smallest that S3 takes before the last."""
CONNECTIONS = 32
CONNECT_SECONDS, READ_SECONDS = 3, 20
DELETED_AT_ONCE = 1_000


def client() -> Any:
    """Return a client with the settings of AWS_ENDPOINT_URL_S3, AWS_REGION and the AWS credentials."""
    import boto3
    from botocore.config import Config

    retries = {"max_attempts": 3, "mode": "standard"}
    waits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    return boto3.client("s3", config=Config(max_pool_connections=CONNECTIONS, retries=retries, **waits))


@contextmanager
def _as_store_error() -> Iterator[None]:
    """Hide the text of an error, which names the bucket and the object."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise StoreError(str(error.response["Error"].get("Code", "unknown"))) from None
    except (BotoCoreError, OSError) as error:
        raise StoreError(type(error).__name__) from None


class BucketStore:
    """Objects of a bucket, below a prefix."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.s3, self.bucket = client(), bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.probe = Probe(self._takes_an_object, PROBE_SECONDS, monotonic)

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + name}

    def begin(self, name: str) -> "BucketUpload":
        """Start a new object."""
        return BucketUpload(self.s3, self._at(name))

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an object."""
        with _as_store_error():
            body = self.s3.get_object(**self._at(name))["Body"]
        try:
            while True:
                with _as_store_error():
                    piece = body.read(PIECE)
                if not piece:
                    return
                yield piece
        finally:
            body.close()

    def delete(self, name: str) -> None:
        """Delete an object."""
        with _as_store_error():
            self.s3.delete_object(**self._at(name))

    def sweep(self, folder: str, known: Collection[str]) -> int:
        """Delete the objects of a folder but the known, and abort its unfinished uploads."""
        prefix = f"{self.prefix}{folder}/"
        with _as_store_error():
            keys = [key for key in self._keys(prefix) if key.removeprefix(prefix) not in known]
            for first in range(0, len(keys), DELETED_AT_ONCE):
                some = [{"Key": key} for key in keys[first : first + DELETED_AT_ONCE]]
                self._delete_all(some)
            return len(keys) + self._abort_all(prefix)

    def _keys(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def _delete_all(self, keys: list[dict[str, str]]) -> None:
        reply = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True})
        if reply.get("Errors"):
            raise StoreError(str(reply["Errors"][0].get("Code", "unknown")))

    def _abort_all(self, prefix: str) -> int:
        pages = self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [upload for page in pages for upload in page.get("Uploads", ()) if upload["Key"].startswith(prefix)]
        for upload in found:
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        return len(found)

    def is_writable(self) -> bool:
        """Whether the bucket takes an object now."""
        return self.probe()

    def _takes_an_object(self) -> bool:
        try:
            with _as_store_error():
                self.s3.put_object(**self._at("probe"), Body=b"probe")
        except StoreError:
            return False
        return True


class BucketUpload:
    """An object under way: small ones are sent at once, others in parts."""

    def __init__(self, s3: Any, at: dict[str, str]) -> None:
        self.s3, self.at, self.waiting = s3, at, bytearray()
        self.upload_id, self.parts = "", list[dict[str, object]]()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.waiting += data
        if len(self.waiting) >= PART:
            self._send_part()

    def _send_part(self) -> None:
        number, data, self.waiting = len(self.parts) + 1, bytes(self.waiting), bytearray()
        with _as_store_error():
            if not self.upload_id:
                self.upload_id = self.s3.create_multipart_upload(**self.at)["UploadId"]
            place = {"UploadId": self.upload_id, "PartNumber": number}
            sent = self.s3.upload_part(**self.at, **place, Body=data)
        self.parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def complete(self) -> None:
        """Send the rest, and complete the object."""
        if not self.upload_id:
            with _as_store_error():
                self.s3.put_object(**self.at, Body=bytes(self.waiting))
            return
        if self.waiting:
            self._send_part()
        with _as_store_error():
            parts = {"Parts": self.parts}
            self.s3.complete_multipart_upload(**self.at, UploadId=self.upload_id, MultipartUpload=parts)

    def discard(self) -> None:
        """Abort the upload of the parts."""
        if not self.upload_id:
            return
        try:
            with _as_store_error():
                self.s3.abort_multipart_upload(**self.at, UploadId=self.upload_id)
        except StoreError as error:
            log_unexpected("unfinished object stays", error)
