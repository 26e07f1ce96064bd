"""ArrowBatches makes frames of Arrow record batches, whose extension types give their storage."""

from typing import Any

import polars as pl


def plain(batch: Any) -> pl.DataFrame:  # noqa: ANN401 - pyarrow's, an extra
    """A frame of the batch, without a copy where the types allow it."""
    import pyarrow as pa

    def storage(array: Any) -> Any:  # noqa: ANN401
        if isinstance(array.type, pa.BaseExtensionType):
            return array.storage
        if pa.types.is_list(array.type) and isinstance(array.type.value_type, pa.BaseExtensionType):
            return pa.ListArray.from_arrays(
                array.offsets,
                storage(array.values),
                mask=array.is_null() if array.null_count else None,
            )
        return array

    arrays = [storage(array) for array in batch.columns]
    frame = pl.from_arrow(pa.RecordBatch.from_arrays(arrays, names=batch.schema.names))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
