"""Places are where objects are kept: a bucket, or a folder."""

from functools import cache
from pathlib import Path

from ct_assets.store.bucket_objects import BucketObjects
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.objects import Objects
from ct_assets.store.store_settings import StoreSettings


def objects_of(settings: StoreSettings) -> Objects:
    """The objects that `CT_STORE_URL` names.

    Raises:
        StoreError: The store cannot be used, or does not honour conditional writes.
    """
    return _probed(settings.store_url)


def unprobed(store_url: str) -> Objects:
    """The same, of which nothing has been tried yet."""
    return BucketObjects(store_url) if "://" in store_url else FolderObjects(Path(store_url))


@cache
def _probed(store_url: str) -> Objects:
    objects = unprobed(store_url)
    objects.probe()
    return objects
