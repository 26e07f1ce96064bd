import os

__version__ = "0.1.0"

# For memory that does not grow with the rows. By default polars reads 16 row groups or more ahead,
# where two are as fast, and its allocator keeps what was freed while the database takes its turn.
# Whoever sets these keeps their own; the second counts only before polars is first imported.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "2")
os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:true,muzzy_decay_ms:0")
