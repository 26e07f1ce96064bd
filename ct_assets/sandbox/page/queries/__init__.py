"""What the page reads: by index, or a bounded part of a table."""
