"""Shows each page with one function: it reads the data and fills in a template."""
