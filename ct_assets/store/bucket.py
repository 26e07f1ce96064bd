"""Bucket opens a bucket of S3, Google Cloud or Azure, and tells its errors without signed URLs."""

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ct_assets.errors import hushed

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss", "adl")
"""Of the URLs that obstore opens."""
RETRIES = 5
CHUNK = 8 << 20
"""Bytes that are held at once."""
_NO_OBJECT = ("NoSuchKey", "BlobNotFound", "No such object")


def opened(url: str, driver: Callable[[str], ModuleType]) -> tuple[Any, Any]:
    """A store of obstore, and obstore itself; `driver` imports it, or says how to install it."""
    obstore: Any = driver("obstore")
    stores: Any = driver("obstore.store")
    return stores.from_url(url, retry_config={"max_retries": RETRIES}), obstore


@contextlib.contextmanager
def told(url: str, raised: Callable[[str], Exception], *, may: str) -> Iterator[None]:
    """Errors of the bucket in our words: its own quote addresses that may be signed.

    `may` says what these credentials have to be allowed, such as `list or read`.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_bucket(error):
            raise
        reason = _reason(type(error).__name__, str(error))
        hushed(error)
        bucket = url.partition("://")[2].partition("/")[0]
        raise raised(f"{url}: {reason.format(bucket=bucket, may=may)}") from None


def _is_of_bucket(error: Exception) -> bool:
    """Whether obstore raised it, which has FileNotFoundError, too, but no errno of a disk's."""
    theirs = type(error).__module__.startswith("obstore")
    return theirs or (isinstance(error, OSError) and error.errno is None)


def _reason(kind: str, text: str) -> str:
    if kind == "PermissionDeniedError" or "403 Forbidden" in text or "AccessDenied" in text:
        return (
            "the credentials in the environment may not {may} bucket {bucket}: allow them to, or "
            "set those of a user who may"
        )
    if kind == "UnauthenticatedError" or "401 Unauthorized" in text:
        return "the credentials in the environment are not accepted: set valid ones"
    if any(code in text for code in _NO_OBJECT):
        return "a file went while it was read; read it again"
    if "NoSuchBucket" in text or "ContainerNotFound" in text or "404 Not Found" in text:
        return "there is no bucket {bucket}: correct its name, or the region or endpoint"
    if "169.254.169.254" in text or "instance metadata" in text.lower():
        return (
            "no credentials are in the environment, and this machine has none of its own: set "
            "them, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3"
        )
    return "the store does not answer; is its address right, and is it in reach?"
