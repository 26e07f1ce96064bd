"""RepeatedNames finds columns of one name, of which a file can hold but one."""

from collections import Counter
from collections.abc import Iterable

from ct_assets.sources.query_errors import QueryError


def check_names(names: Iterable[str], before: str) -> None:
    """Raises an error that begins with `before` where two columns have one name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise QueryError(
            f"{before}: two columns are called {repeated[0]!r}; name them apart with `as`"
        )
