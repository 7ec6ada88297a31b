"""Every kind of problem that callers meet: its title, and what can be done about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: its title and what a caller can do about it."""

    title: str
    explanation: str


# Ordered by where in a request they arise: access, reading it, state, then the rules.
_TEXTS = (
    (
        "unauthenticated",
        "No valid key",
        "Send `Authorization: Bearer` with a key that has not been revoked.",
    ),
    ("role-not-allowed", "Not for this role", "The key is valid; its role does not include this action."),
    ("out-of-scope", "Outside the key's scope", "The key is for another prison or region."),
    ("not-found", "Not found", "Nothing is kept at this address, or it is not yours to see."),
    (
        "method-not-allowed",
        "Method not allowed",
        "The address exists; the Allow header lists its methods.",
    ),
    (
        "not-acceptable",
        "Not available in that form",
        "Ask for one of the media types that the detail lists.",
    ),
    ("body-too-large", "Body too large", "Send less at once; the detail gives the limit."),
    ("unsupported-media-type", "Wrong media type", "Send the media type that the detail names."),
    (
        "malformed-json",
        "Malformed JSON",
        "Send one JSON text (RFC 8259) with every name once in an object.",
    ),
    (
        "invalid-input",
        "Invalid input",
        "Each fault has a pointer to the field and a sentence on what it takes.",
    ),
    (
        "invalid-cursor",
        "Invalid cursor",
        "Use `next_cursor` exactly as a list returned it, with the same filters.",
    ),
    (
        "moment-in-future",
        "In the future",
        "`as_of` answers for the past: give today or an earlier moment.",
    ),
    ("not-yet-registered", "Before the prison was registered", "The service held nothing about it then."),
    (
        "outdated-copy",
        "Changed since you read it",
        "Read the resource again and repeat with its new ETag.",
    ),
    ("idempotency-key-reused", "Idempotency key used before", "Use a new key for a different request."),
    (
        "request-in-flight",
        "Still in flight",
        "The first request with this key has not finished: try again shortly.",
    ),
    ("too-many-requests", "Too many requests", "Wait as long as Retry-After says."),
    ("database-unavailable", "The database cannot be reached", "Nothing was stored; try again shortly."),
    (
        "internal-error",
        "Something went wrong here",
        "Report the request_id: the log has the details under it.",
    ),
    ("bad-request", "Bad request", "The request could not be read as HTTP with a body."),
    (
        "green-needs-evidence",
        "GREEN needs evidence",
        "Add a document, link or note to the section first, or with it.",
    ),
    (
        "green-with-outstanding-outcomes",
        "An outcome is outstanding",
        "GREEN means all of the required outcome.",
    ),
    (
        "staffing-figures-needed",
        "Staffing figures needed",
        "Send staff_in_post and staff_required with the rating.",
    ),
    (
        "staffing-below-threshold",
        "Too few staff in post",
        "AMBER takes 75 % of the required staff, GREEN all.",
    ),
    ("section-not-exemptible", "Cannot be exempted", "Only 7 and 23 can be, and not at a local prison."),
    ("no-exemption", "No exemption to end", "The section has no exemption; nothing needs to be done."),
    (
        "prison-exists",
        "Already registered",
        "A prison with this code is registered: correct it with PATCH.",
    ),
    (
        "exemption-in-the-way",
        "An exemption is in the way",
        "End the exemption before making the prison local.",
    ),
    (
        "unknown-toolkit",
        "No such toolkit version",
        "GET /v1/toolkits lists the versions that are loaded.",
    ),
    (
        "toolkit-does-not-fit",
        "The prison does not fit that version",
        "Put right what the detail names, then move it.",
    ),
    (
        "toolkit-version-exists",
        "Version already loaded",
        "A loaded version never changes: give the file a new version.",
    ),
    (
        "invalid-key-scope",
        "Scope does not fit the role",
        "Each role takes its own scope: prison, region or none.",
    ),
    ("key-exists", "Key already known", "Give another key."),
)

KINDS = {code: ProblemKind(title, explanation) for code, title, explanation in _TEXTS}
