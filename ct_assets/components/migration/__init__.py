"""Makes declarations of what other tools export as code, for `ct-assets import`."""
