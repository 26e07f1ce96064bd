"""Values that are rejected, and the words that guide whoever has them."""

from typing import Any

# A value, the settings of its field, and what is said of it.
VALUES: list[tuple[str, dict[str, Any], str, str]] = [
    ("x" * 513, {}, "text_too_long",
     "513 bytes of UTF-8, and CleverTap takes 512: shorten it with `expr:`"),
    ("$D_5", {}, "text_looks_like_date",
     "begins with $D_, by which CleverTap knows a date: declare `type: date` if it is "
     "one"),
    ("1.234,5", {"type": "float"}, "number_unreadable",
     "not a number: write it like 1234.5, without thousands separator, decimal comma "
     "or currency"),
    ("NaN", {"type": "float"}, "number_not_finite",
     "NaN or infinity, which cannot be sent: make it null in the source"),
    ("1.5", {"type": "integer"}, "number_has_fraction",
     "has a fraction where a whole number is wanted: round it with `expr:`, or declare "
     "`type: float`"),
    ("9223372036854775808", {"type": "integer"}, "number_out_of_range",
     "beyond a 64-bit integer: declare `type: string` to send its digits as text"),
    ("1.00000000000000012", {"type": "float"}, "number_too_precise",
     "has more digits than a float keeps: round it in the source, or declare `type: "
     "string` to send every digit"),
    ("perhaps", {"type": "boolean"}, "boolean_unknown",
     "neither yes nor no: write true or false, yes or no, y or n, 1 or 0"),
    ("perhaps", {"type": "yes_no"}, "yes_no_unknown",
     "neither yes nor no: write true or false, yes or no, y or n, 1 or 0"),
    ("x", {"type": "gender"}, "gender_unknown",
     "neither male nor female, and the API takes only M and F: leave it out of such "
     "rows with `on_invalid: drop`"),
    ("PhD", {"type": "education"}, "education_unknown",
     "none of School, College and Graduate, and the API takes nothing else: translate "
     "it with `map:`"),
    ("Divorced", {"map": {"Single": "N"}}, "value_unmapped",
     "no value that the field's `map` names: add it there, or say with `otherwise:` "
     "what to send"),
    ("131", {"type": "age"}, "age_out_of_range",
     "not the age of a person, which is 0 to 130: correct it in the source"),
    ("31/01/2024", {"type": "date"}, "date_unreadable",
     "not a date in ISO 8601, such as 2024-01-31 or 2024-01-31T17:30:00+02:00: declare "
     "the `format` of other forms"),
    ("2024-01-31", {"type": "date", "format": ["%d/%m/%Y", "%d.%m.%Y"]}, "date_unreadable",
     "not a date of the form '%d/%m/%Y' or '%d.%m.%Y': add other forms to its `format`, "
     "or correct it in the source"),
    ("1985", {"type": "date"}, "date_ambiguous",
     "either a year, a month or a day, or a moment counted from 1970, or 0 for no date "
     "at all: declare its `unit` or its `format`"),
    ("0", {"type": "date", "unit": "s"}, "date_ambiguous",
     "0, which stands for no date at all: make it null in the source, or the date "
     "1970-01-01"),
    ("170672220012300", {"type": "date"}, "date_unit",
     "too large for seconds or milliseconds since 1970: declare `unit: us` or `unit: "
     "ns`"),
    ("1706722200", {"type": "date", "unit": "ms"}, "date_unit",
     "too small for its `unit`, by which it would lie in the first weeks of 1970: "
     "declare the `unit` that it counts"),
    ("0001-01-01", {"type": "date"}, "date_out_of_range",
     "outside the years 1000 to 9999: correct it in the source, or make it null there "
     "if it stands for no date"),
    ("2024-03-31 02:30:00", {"type": "date", "timezone": "Europe/Rome"}, "time_does_not_exist",
     "the clocks of its time zone leapt over this time: declare the `timezone` in "
     "which the source writes its times"),
    (",".join(map(str, range(101))), {"type": "list", "separator": ","}, "list_too_long",
     "101 values, and CleverTap drops the oldest beyond 100: shorten the list in the "
     "source"),
    ("{a,b}", {"type": "list", "separator": ","}, "list_unreadable",
     "an array as text, and no JSON array of texts or numbers: write it as one, such "
     'as ["a", "b"], or with the separator alone between its values'),
    ("a," + "x" * 513, {"type": "list", "separator": ","}, "list_value_too_long",
     "has a value of more than 512 bytes, and CleverTap takes no more: shorten it in "
     "the source"),
    ("a,$D_1", {"type": "list", "separator": ","}, "text_looks_like_date",
     "has a value that begins with $D_, by which CleverTap knows a date, and lists "
     "have texts: change its beginning in the source"),
    ('{"a"', {"json": [{"sku": "string"}], "nested": "json"}, "json_unreadable",
     "no JSON, or of another shape than that of the field: correct it in the source, "
     "or declare its shape with `json:`"),
    ("ann", {"type": "email"}, "email_no_at",
     "has no @: correct it in the source"),
    ("ann@", {"type": "email"}, "email_part_missing",
     "has nothing before or nothing after the @: correct it in the source"),
    ("a b@x.org", {"type": "email"}, "email_characters",
     "has a blank or an invisible character inside: correct it in the source"),
    ("a..b@x.org", {"type": "email"}, "email_dots",
     "has a dot at an end of a part, or two in a row: correct it in the source"),
    ("a@org", {"type": "email"}, "email_domain",
     "has no dot after the @, so its domain is incomplete: correct it in the source"),
    ("a" * 65 + "@x.org", {"type": "email"}, "email_too_long",
     "more than 64 bytes before the @: correct it in the source"),
    ("é@x.org", {"type": "email", "international": False}, "email_international",
     "has letters beyond ASCII, and the field declares `international: false`: take "
     "that away to send such addresses"),
    ("0151 12345678", {"type": "phone"}, "phone_no_region",
     "no country code and no region given: set `region`"),
    ("919876543210", {"type": "phone"}, "phone_no_region",
     "valid with a plus, which is missing before its country code: write it in the "
     "source, or with `template: '+{...}'`"),
    ("0151 12345678", {"type": "phone", "region": {"column": "land"}}, "phone_unknown_region",
     "no country code, and the region of this row is no known country: write an ISO "
     "3166 code or an English name"),
    ("+999123456789", {"type": "phone"}, "phone_invalid_country_code",
     "begins with a calling code that does not exist; correct it in the source"),
    ("call me", {"type": "phone"}, "phone_not_a_number",
     "not a phone number; correct it in the source"),
    ("+1415\u200e5550132", {"type": "phone"}, "phone_not_a_number",
     "has the invisible character U+200E inside: take it out in the source"),
    ("9.19876E+11", {"type": "phone", "region": "IN"}, "phone_damaged",
     "a number that a spreadsheet or a column of floats has rewritten, perhaps with "
     "other digits: take it from where it is text"),
    ("4915112345678", {"type": "phone", "region": "DE", "doubled_code": "reject"},
     "phone_doubled_code",
     "begins with the calling code of its region, and is valid with it and with "
     "another one before it: write it with its plus in the source, or declare "
     "`doubled_code`"),
    ("+1415555", {"type": "phone"}, "phone_too_short",
     "6 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; correct it in the source"),
    ("+1 415 555 O132", {"type": "phone"}, "phone_too_short",
     "has the letter O among its digits: if 0 is meant, write that"),
    ("+141555501321", {"type": "phone"}, "phone_too_long",
     "11 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; correct it in the source"),
    ("+14155550132 (mobile)", {"type": "phone"}, "phone_too_long",
     "has letters, which count as digits, as on the keys of a phone: 16 digits after "
     "+1 (United States and others); there mobile numbers and fixed lines have 10; "
     "take words out of it"),
    ("+6141234567890", {"type": "phone"}, "phone_invalid_length",
     "11 digits after +61 (Australia and others); there mobile numbers and fixed lines "
     "have 9; correct it in the source"),
    ("+15550132", {"type": "phone"}, "phone_local_only",
     "7 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; the area code is missing; correct it in the source"),
    ("+11155550132", {"type": "phone"}, "phone_not_valid_for_region",
     "10 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; these are in no range that is in use; correct it in the source"),
    ("+4930123456", {"type": "phone", "accept": ["mobile"]}, "phone_type_not_accepted",
     "of type fixed_line, and `accept` takes mobile; leave it out of such rows with "
     "`on_invalid: drop`"),
    ("+6834000", {"type": "phone"}, "phone_below_min_digits",
     "valid, but of fewer than 8 digits, country code included; leave it out of such "
     "rows with `on_invalid: drop`"),
    ("+49302345678901234", {"type": "phone"}, "phone_above_max_digits",
     "valid, but of more than 15 digits, country code included; leave it out of such "
     "rows with `on_invalid: drop`"),
]  # fmt: skip
