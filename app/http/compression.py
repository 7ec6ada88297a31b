"""Bodies over 1 kB are compressed for those who ask."""

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES

SMALLEST = 1024
# Level 9 takes twice as long for a few bytes less.
LEVEL = 5
# Compressed already, or sent just as they were received.
AS_THEY_ARE = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    *("application/pdf", "application/octet-stream", "application/jose"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
