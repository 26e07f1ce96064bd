import os

__version__ = "0.1.0"

# polars reads 16 row groups or more ahead by default, and memory is for that many of them; two
# are as fast, from a disk. Whoever sets the variable keeps their own.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "2")
