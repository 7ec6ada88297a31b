"""Every kind of problem that callers meet: its title, and what can be done about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem: its title and what a caller can do about it."""

    title: str
    explanation: str


# Ordered by where in a request they arise: access, reading it, state, then the rules.
_TEXTS = (
    ("unauthenticated", "No valid key", "Send `Authorization: Bearer` with a key that has not been revoked."),
    ("role-not-allowed", "Not for this role", "The key is valid, but its role does not allow this."),
    ("out-of-scope", "Outside the key's scope", "The key is for another prison or region."),
    ("not-found", "Not found", "There is nothing at this address, or your key may not see it."),
    ("method-not-allowed", "Method not allowed", "The address exists; the Allow header lists its methods."),
    ("not-acceptable", "Not available in that form", "Ask for one of the media types that the detail lists."),
    ("body-too-large", "Body too large", "Send less at once; the detail gives the limit."),
    ("unsupported-media-type", "Wrong media type", "Send the media type that the detail names."),
    ("malformed-json", "Malformed JSON", "Send one JSON text (RFC 8259). An object must not have the same name twice."),
    ("invalid-input", "Invalid input", "`errors` points to each field at fault and says what it takes."),
    ("invalid-cursor", "Invalid cursor", "Use `next_cursor` exactly as a list returned it, with the same filters."),
    ("moment-in-future", "as_of is in the future", "`as_of` asks about the past: give today or an earlier moment."),
    (
        "not-yet-registered",
        "Before the prison was registered",
        "The service held nothing about the prison at that moment: ask for a later one.",
    ),
    ("outdated-copy", "Changed since you read it", "Read it again, and repeat the change with its new ETag."),
    ("idempotency-key-reused", "Idempotency key used before", "Use a new key for a different request."),
    (
        "request-in-flight",
        "The first request has not finished",
        "A request with this key is still being answered: try again shortly.",
    ),
    ("too-many-requests", "Too many requests", "Wait as long as Retry-After says."),
    (
        "clock-behind",
        "The service's clock is behind",
        "The service's clock shows an earlier time than what is stored, so nothing was stored. "
        "Whoever runs the service must set the clock right.",
    ),
    ("database-unavailable", "The database cannot be reached", "Nothing was stored; try again shortly."),
    (
        "storage-unavailable",
        "Nothing can be stored just now",
        "Nothing was stored; an operator puts the disk or the database file right.",
    ),
    (
        "outcome-unknown",
        "It may have been stored",
        "Read the resource again, or repeat the request with the same Idempotency-Key.",
    ),
    (
        "database-missing",
        "The database is missing",
        "Said at the start: restore it, or begin anew in another data directory.",
    ),
    ("schema-missing", "The database is not set up", "Nothing was stored; an operator runs `idts migrate`."),
    (
        "internal-error",
        "Something went wrong here",
        "Report the `request_id`: the service's log has the details under it.",
    ),
    ("bad-request", "Bad request", "The request could not be read as HTTP with a body."),
    (
        "not-a-challenge",
        "Not a challenge",
        "Only a challenge is answered and closed; a remark or a confirmation asks for nothing.",
    ),
    (
        "challenge-closed",
        "The challenge is closed",
        "A closed challenge stays as it is. The region can raise a new one.",
    ),
    (
        "green-needs-evidence",
        "GREEN needs evidence",
        "Add evidence that someone can look at, before the rating or together with it: a document with its file or "
        "where it is kept, a link with its address, or a note whose `text` says what was seen.",
    ),
    (
        "green-needs-outcomes",
        "GREEN needs every outcome met",
        'Record the outcomes that the detail names as `met` once they are (`{"*": "met"}` records all), or send a '
        "lower rating.",
    ),
    (
        "star-outstanding",
        "Not all outcomes at once",
        'All outcomes at once (`"*"`) can only be `met`: name those that are outstanding by their keys.',
    ),
    (
        "note-says-too-little",
        "The note says too little",
        "Say in `text`, in at least 20 characters, what was seen, where and when.",
    ),
    (
        "document-without-place",
        "Nobody could find the document",
        "Say in `reference` where the document is kept, or upload its file.",
    ),
    ("link-without-address", "The link has no address", "Give its address, with http or https, as `reference`."),
    (
        "staffing-figures-needed",
        "Staffing figures needed",
        "Send `staff_in_post` and `staff_required` with the rating.",
    ),
    (
        "staffing-below-threshold",
        "Too few staff in post",
        "AMBER needs 75 % of the required staff in post, GREEN needs all of them.",
    ),
    (
        "last-evidence-of-green",
        "A GREEN section needs it",
        "Add other evidence to the sections that the detail names, or lower their rating. Then withdraw the item.",
    ),
    (
        "evidence-withdrawn",
        "Already withdrawn",
        "A withdrawn item cannot be changed. If the evidence applies after all, add it again.",
    ),
    (
        "file-type-not-accepted",
        "File type not accepted",
        "A file's type is worked out from its content. The detail lists the types that are accepted.",
    ),
    (
        "evidence-store-unavailable",
        "The evidence store cannot be reached",
        "Nothing was stored; ratings and notes are not affected. Try again shortly.",
    ),
    (
        "malformed-multipart",
        "Malformed multipart body",
        "Send complete multipart/form-data (RFC 7578), up to its closing boundary.",
    ),
    (
        "section-not-exemptible",
        "Section cannot be exempted",
        "Only sections 7 and 23 can be exempted, and not at a local prison.",
    ),
    ("no-exemption", "No exemption to end", "The section has no exemption; nothing needs to be done."),
    ("partnership-exists", "Partnership of that name", "Give another name, or change the one that there is."),
    (
        "plan-not-open",
        "The plan is fixed",
        "What a submitted or approved plan says stays as it is: reopen it first. The day that an action was done, and "
        "updates, are recorded all the same.",
    ),
    (
        "plan-not-there",
        "Not at that point",
        "A plan is submitted, then approved or sent back; one that was submitted or approved can be reopened.",
    ),
    ("action-exists", "Action of that reference", "Change it with PATCH, or give another reference."),
    ("objective-twice", "An objective twice", "Give each objective of a planning section its own reference or title."),
    (
        "section-needed",
        "An action names no section",
        "In an action plan each action names at least one section of the toolkit.",
    ),
    ("waits-for-nothing", "There is nothing to wait for", "Name an action of the same plan by its `ref`."),
    ("waits-in-a-circle", "It would wait for itself", "Leave out one of the actions that wait for each other."),
    ("no-recommendation", "Nothing is recommended", "Add an action to the plan in your own words."),
    ("prison-exists", "Prison already registered", "A prison with this code is registered: correct it with PATCH."),
    (
        "prison-closed",
        "The prison has closed",
        "Nothing is rated, added or attested at a prison after the day it closed. What it has can still be read.",
    ),
    ("exemption-in-the-way", "An exemption is in the way", "End the exemption before making the prison local."),
    ("unknown-toolkit", "No such toolkit version", "GET /v1/toolkits lists the versions that are loaded."),
    (
        "toolkit-does-not-fit",
        "The prison does not fit that version",
        "Put right what the detail names, then move the prison.",
    ),
    (
        "toolkit-version-exists",
        "Version already loaded",
        "A loaded version never changes: give the file a new version.",
    ),
    ("invalid-key-scope", "Scope does not fit the role", "Each role takes its own scope: prison, region or none."),
    ("month-not-over", "The month is not over", "A return can be frozen only after its month has ended in London."),
    (
        "month-not-settled",
        "The month has only just ended",
        "Writes from before midnight may still be arriving: freeze the return a few minutes later.",
    ),
    (
        "not-frozen",
        "The return is not frozen",
        "Wait until a national key has frozen the month, or leave out `frozen` to read it as it stands.",
    ),
    ("reason-needed", "A reason is needed", "Say in `reason` why the return differs from its last revision."),
    ("key-exists", "Key already in use", "Give another key."),
    ("too-many-downloads", "Too many downloads at once", "Finish one of those under way, or wait a little."),
    ("too-many-streams", "Too many event streams", "Try again shortly, or poll /v1/events instead."),
    ("webhook-address-refused", "Not an address for webhooks", "Give a public address that answers over https."),
    ("too-many-webhooks", "Too many webhooks", "End one that you no longer need before you make another."),
    ("webhook-ended", "The webhook has ended", "Nothing more is delivered to it: make a new one."),
    ("delivery-under-way", "Delivery under way", "Wait until the present attempt has ended."),
    (
        "would-lapse-statement",
        "The statement would lapse",
        "The change would take a section below its minimum while a statement is raised, and void its signatures. Send "
        '`"accept_lapse": true` with it if that is what you mean.',
    ),
    ("statement-already-open", "A statement is open", "Have it signed, or withdraw it before raising another."),
    ("not-eligible", "Not eligible to go live", "Every section must meet its minimum first."),
    (
        "outcomes-not-recorded",
        "A GREEN section lacks what it rests on",
        "Before a statement is raised, each GREEN section has its required outcomes recorded as met, and evidence that "
        "someone can look at. `errors` names what is missing.",
    ),
    (
        "amber-without-plan",
        "An AMBER section has no plan",
        "Before a statement is raised, each AMBER section has a `lead`, a `target_date`, and a comment or evidence "
        "that says what is left to do. `errors` names what is missing.",
    ),
    (
        "challenge-open",
        "A challenge is open",
        "The prison answers each challenge of its region and the region closes it; then a statement can be raised.",
    ),
    ("signatory-missing", "A signatory is missing", "Name a person for each required role of the toolkit."),
    (
        "statement-not-open",
        "The statement is not open",
        "It has been issued or has lapsed, or it was withdrawn or superseded.",
    ),
    ("already-signed", "Already signed", "Each role signs a statement once, and its person stays the one who signed."),
    (
        "issued-already",
        "Issued already",
        "A prison may withdraw its statement before it is issued. Afterwards its region withdraws it.",
    ),
    (
        "digest-differs",
        "The digest is not this statement's",
        "Read the statement again, and sign what it shows.",
    ),
    ("not-your-signature", "Not your signature", "A signatory key can sign only in its own role, at its own prison."),
    (
        "go-live-date-passed",
        "The planned date has passed",
        "Nothing is issued after its planned go-live date. Move the date, with a reason, and sign again.",
    ),
    ("statement-not-issued", "Not issued yet", "A statement is issued by its last signature."),
    ("already-live", "Already live", "Go-live is confirmed once. After the service has ended, raise a new statement."),
    ("not-live", "Not live", "Only the service of a prison that is live can end."),
    (
        "signing-key-unavailable",
        "The signing key cannot be read",
        "Nothing was stored. Whoever runs the service must put the key's file back.",
    ),
    (
        "webhook-key-unavailable",
        "The key of the webhooks' secrets cannot be read",
        "Nothing was stored. Whoever runs the service must put the key's file back.",
    ),
)

KINDS = {code: ProblemKind(title, explanation) for code, title, explanation in _TEXTS}
