"""Changes what is known of people: takes them as sent, erases them, parts their identifiers."""
