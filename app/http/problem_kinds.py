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
    (
        "last-evidence-of-green",
        "A GREEN section rests on it",
        "Add other evidence to the sections that the detail names, or lower their rating, then withdraw it.",
    ),
    (
        "evidence-withdrawn",
        "Withdrawn before",
        "A withdrawn item stays in the history as it is. Add the evidence anew if it counts after all.",
    ),
    (
        "file-type-not-accepted",
        "Not a kind of file that evidence may be",
        "What a file is told by its content; the detail lists what is accepted.",
    ),
    (
        "evidence-store-unavailable",
        "The store of files cannot be reached",
        "Nothing was stored; ratings and notes are not affected. Try again shortly.",
    ),
    (
        "malformed-multipart",
        "Malformed multipart body",
        "Send multipart/form-data (RFC 7578) whole, to its closing boundary.",
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
    ("month-not-over", "The month is not over", "A return is frozen after its month has ended in London."),
    (
        "month-not-settled",
        "The month has only just ended",
        "Writes from before midnight may still be arriving: freeze it a few minutes later.",
    ),
    ("reason-needed", "A reason is needed", "A return that differs from its last revision says why."),
    ("programme-in-use", "The programme is in use", "Make a demonstration in a database of its own."),
    ("key-exists", "Key already known", "Give another key."),
    ("too-many-streams", "Too many event streams", "Try again shortly, or poll /v1/events instead."),
    ("webhook-address-refused", "Not an address for webhooks", "Give a public address that answers over https."),
    ("too-many-webhooks", "Too many webhooks", "End one that is not needed any more before making another."),
    ("webhook-ended", "The webhook has ended", "Nothing more is delivered to it: make a new one."),
    ("delivery-under-way", "Being delivered just now", "Wait for the outcome of the present attempt."),
    ("statement-already-open", "A statement is open", "Have it signed, or withdraw it before raising another."),
    (
        "not-eligible",
        "Not eligible to go live",
        "Every section must meet its minimum first.",
    ),
    ("signatory-missing", "A signatory is missing", "Name a person for each required role of the toolkit."),
    ("statement-not-open", "The statement is not open", "It was issued, lapsed, withdrawn or superseded before."),
    ("already-signed", "Signed already", "Each role signs a statement once."),
    ("digest-differs", "Another statement was shown", "Read the statement again and sign the digest that it has."),
    (
        "not-your-signature",
        "Not your signature",
        "A signatory key signs its own role at its own prison.",
    ),
    ("statement-not-issued", "Not issued yet", "A statement is issued by its last signature."),
    ("already-live", "Live already", "Go-live was confirmed before."),
    (
        "signing-key-unavailable",
        "The signing key cannot be read",
        "Nothing was stored; an operator puts it right.",
    ),
    (
        "webhook-key-unavailable",
        "The key of the webhooks' secrets cannot be read",
        "Nothing was stored; an operator puts it back.",
    ),
)

KINDS = {code: ProblemKind(title, explanation) for code, title, explanation in _TEXTS}
