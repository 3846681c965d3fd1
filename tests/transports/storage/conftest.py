"""Stores of both kinds: a folder, and a bucket of moto's server."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from botocore import httpsession

from tests.hospital import eventually
from tests.servers.processes import free_ports
from transports.storage.bucket import BucketStore
from transports.storage.folder import FolderStore
from transports.storage.objects import Store

BUCKET = "charts"
# Plugins of pytest import urllib3 before the process is green. The class that it keeps would call itself for ever.
httpsession.SSLContext = ssl.SSLContext


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start moto's server with a bucket; yield the settings for it."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    settings = {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": "trial",
        "AWS_SECRET_ACCESS_KEY": "trial",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    log = (tmp_path_factory.mktemp("moto") / "moto.log").open("wb")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: answers(url), seconds=60)
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id="trial", aws_secret_access_key="trial", region_name="eu-central-1"
        )
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield settings
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def answers(url: str) -> bool:
    """Whether the server answers."""
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return an empty store of each kind."""
    if request.param == "folder":
        return FolderStore(str(tmp_path / "attachments"))
    for name, value in request.getfixturevalue("object_server").items():
        monkeypatch.setenv(name, value)
    return BucketStore(BUCKET, f"test-{os.urandom(4).hex()}")
