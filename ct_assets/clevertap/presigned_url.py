"""A presigned URL takes one file into CleverTap's storage; it is the only credential there."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore

from ct_assets.clevertap.destination import is_loopback

CONNECT_SECONDS = 10.0


def usable(url: object) -> bool:
    """Whether a file with people in it may go there: over TLS, or to this machine."""
    if not isinstance(url, str) or not url.isascii():
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def put_request(url: str, content: Iterable[bytes], size: int) -> httpcore.Request:
    """The URL goes as it was given, since its signature is of that text, with no other header."""
    parts = urlsplit(url)
    address = httpcore.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode(),
        port=parts.port or (443 if parts.scheme == "https" else 80),
        target=f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}".encode(),
    )
    headers = [
        (b"Host", parts.netloc.rpartition("@")[2].encode()),
        (b"User-Agent", b"ct-assets"),
        (b"Content-Length", str(size).encode()),
    ]
    timeout = {"timeout": {"connect": CONNECT_SECONDS}}
    return httpcore.Request("PUT", address, headers=headers, content=content, extensions=timeout)
