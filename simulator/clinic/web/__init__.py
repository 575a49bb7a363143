"""The clinic's pages: starlette, jinja2, htmx and server-sent events."""
