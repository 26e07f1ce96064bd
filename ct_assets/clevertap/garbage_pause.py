"""GarbagePause keeps Python from looking for garbage where much is made and nothing thrown away.

Such as a large reply that is read, or modules that are loaded: each value brings the next search
nearer, and each search goes through all that Dagster keeps in memory.
"""

import gc
import threading
from types import TracebackType


class GarbagePause:
    """A context manager for any number of threads: the last that leaves it ends the pause.

    What is made inside a `lasting` one is there to stay, as modules are: it counts as old without
    a search, which would go through all of it, and a second time soon after.
    """

    def __init__(self, *, lasting: bool = False) -> None:
        self._lasting = lasting
        self._lock = threading.Lock()
        self._inside = 0
        self._ours = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._ours = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._ours:
                if self._lasting and not gc.get_freeze_count():  # others' would thaw, too
                    gc.freeze()
                    gc.unfreeze()  # to the oldest generation
                gc.enable()
