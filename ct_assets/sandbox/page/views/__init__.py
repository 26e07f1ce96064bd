"""One function for each page: reads what it shows, and fills in a template."""
