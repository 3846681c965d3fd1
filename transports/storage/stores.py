"""The store of a URL."""

from functools import cache
from urllib.parse import unquote, urlsplit

from transports.storage.bucket import BucketStore
from transports.storage.folder import FolderStore
from transports.storage.objects import Store

SCHEMES = ("file", "s3")


@cache
def store_at(url: str) -> Store:
    """Return the store of `file:///folder` or `s3://bucket/prefix`; all parts of a process share it."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return BucketStore(parts.netloc, parts.path.strip("/"))
    return FolderStore(unquote(parts.path))
