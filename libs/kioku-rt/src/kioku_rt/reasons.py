"""The one catalogue of reasons: gRPC, REST, events and asset statuses all speak from it.

A reason is stable: clients switch on it, never on text. Codes follow AIP-193 and the gRPC status
guide. `architecture/reasons.md` is written from this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Code(StrEnum):
    """gRPC status codes by name, so that use cases need not import grpc."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    UNAVAILABLE = "UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    DATA_LOSS = "DATA_LOSS"
    INTERNAL = "INTERNAL"
    UNIMPLEMENTED = "UNIMPLEMENTED"


@dataclass(frozen=True)
class Entry:
    """What a reason means: its status code, one sentence, and whether trying again can help."""

    code: Code
    meaning: str
    retryable: bool = False


@unique
class Reason(StrEnum):
    """Every reason Kioku ever gives."""

    IMAGE_EMPTY = "IMAGE_EMPTY"
    IMAGE_UNSUPPORTED_FORMAT = "IMAGE_UNSUPPORTED_FORMAT"
    IMAGE_TRUNCATED = "IMAGE_TRUNCATED"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"
    IMAGE_TOO_MANY_PIXELS = "IMAGE_TOO_MANY_PIXELS"
    IMAGE_TOO_MANY_FRAMES = "IMAGE_TOO_MANY_FRAMES"
    IMAGE_ZERO_SIZE = "IMAGE_ZERO_SIZE"
    IMAGE_DECODER_FAILED = "IMAGE_DECODER_FAILED"
    IMAGE_DECODE_TIMEOUT = "IMAGE_DECODE_TIMEOUT"
    DOCUMENT_LOCKED = "DOCUMENT_LOCKED"
    VIDEO_UNSUPPORTED = "VIDEO_UNSUPPORTED"
    VIDEO_UNSUPPORTED_FORMAT = "VIDEO_UNSUPPORTED_FORMAT"
    VIDEO_NO_FRAMES = "VIDEO_NO_FRAMES"
    VIDEO_TOO_LARGE = "VIDEO_TOO_LARGE"
    VIDEO_TOO_LONG = "VIDEO_TOO_LONG"
    VIDEO_TOO_MANY_PIXELS = "VIDEO_TOO_MANY_PIXELS"
    VIDEO_DECODER_FAILED = "VIDEO_DECODER_FAILED"
    VIDEO_DECODE_TIMEOUT = "VIDEO_DECODE_TIMEOUT"
    TEXT_EMPTY = "TEXT_EMPTY"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    TEXT_INVALID_CHARACTER = "TEXT_INVALID_CHARACTER"
    TEXT_NOT_SUPPORTED = "TEXT_NOT_SUPPORTED"
    VECTOR_NOT_FINITE = "VECTOR_NOT_FINITE"
    VECTOR_WRONG_DIMENSION = "VECTOR_WRONG_DIMENSION"
    VECTOR_ZERO_NORM = "VECTOR_ZERO_NORM"
    ID_MALFORMED = "ID_MALFORMED"
    ENUM_UNKNOWN = "ENUM_UNKNOWN"
    FIELD_MISSING = "FIELD_MISSING"
    FIELD_INVALID = "FIELD_INVALID"
    ONEOF_NOT_EXACTLY_ONE = "ONEOF_NOT_EXACTLY_ONE"
    REQUEST_NOT_DECODABLE = "REQUEST_NOT_DECODABLE"
    TIME_OUT_OF_RANGE = "TIME_OUT_OF_RANGE"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"  # noqa: S105 - a reason, no secret
    PAGE_TOKEN_EXPIRED = "PAGE_TOKEN_EXPIRED"  # noqa: S105
    MULTIPART_INVALID = "MULTIPART_INVALID"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    OVERLOADED = "OVERLOADED"
    TOKEN_MISSING = "TOKEN_MISSING"  # noqa: S105
    TOKEN_INVALID = "TOKEN_INVALID"  # noqa: S105
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105
    SCOPE_MISSING = "SCOPE_MISSING"
    ASSET_NOT_FOUND = "ASSET_NOT_FOUND"
    FRAME_NOT_FOUND = "FRAME_NOT_FOUND"
    DELETION_NOT_FOUND = "DELETION_NOT_FOUND"
    ASSET_ID_REUSED = "ASSET_ID_REUSED"
    ASSET_NOT_UPLOADED = "ASSET_NOT_UPLOADED"
    ASSET_NOT_READY = "ASSET_NOT_READY"
    ASSET_NOT_FAILED = "ASSET_NOT_FAILED"
    UPLOAD_SIZE_MISMATCH = "UPLOAD_SIZE_MISMATCH"
    UPLOAD_HASH_MISMATCH = "UPLOAD_HASH_MISMATCH"
    UPLOAD_EXPIRED = "UPLOAD_EXPIRED"
    OBJECT_MISSING = "OBJECT_MISSING"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    SPACE_NOT_SERVED = "SPACE_NOT_SERVED"
    SPACE_UNKNOWN = "SPACE_UNKNOWN"
    NO_ACTIVE_SPACE = "NO_ACTIVE_SPACE"
    SPACE_NOT_FOUND = "SPACE_NOT_FOUND"
    SPACE_STATE_WRONG = "SPACE_STATE_WRONG"
    SPACE_NOT_COMPLETE = "SPACE_NOT_COMPLETE"
    SPACE_IN_USE = "SPACE_IN_USE"
    BACKFILL_NOT_FOUND = "BACKFILL_NOT_FOUND"
    CONSENT_BEHIND = "CONSENT_BEHIND"
    INDEX_UNSOUND = "INDEX_UNSOUND"
    INDEX_BUSY = "INDEX_BUSY"
    INDEX_MISSING = "INDEX_MISSING"
    INDEX_MEMORY_EXCEEDED = "INDEX_MEMORY_EXCEEDED"
    INDEX_PROBE_FAILED = "INDEX_PROBE_FAILED"
    INDEX_JOBS_OFF = "INDEX_JOBS_OFF"
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_OUTPUT_INVALID = "MODEL_OUTPUT_INVALID"
    ENGINE_OUT_OF_MEMORY = "ENGINE_OUT_OF_MEMORY"
    EXTERNAL_AI_REFUSED = "EXTERNAL_AI_REFUSED"
    HOSTED_BUDGET_EXHAUSTED = "HOSTED_BUDGET_EXHAUSTED"
    HOSTED_RATE_LIMITED = "HOSTED_RATE_LIMITED"
    HOSTED_FAILED = "HOSTED_FAILED"
    HOSTED_ITEM_REFUSED = "HOSTED_ITEM_REFUSED"
    LABELS_UNSUPPORTED = "LABELS_UNSUPPORTED"
    OBSERVATION_NOT_FOUND = "OBSERVATION_NOT_FOUND"
    OBSERVATION_NOT_READY = "OBSERVATION_NOT_READY"
    ENTRY_NOT_FOUND = "ENTRY_NOT_FOUND"
    VIDEO_NOT_READ = "VIDEO_NOT_READ"
    WEBHOOK_REFUSED = "WEBHOOK_REFUSED"
    WEBHOOK_UNREACHABLE = "WEBHOOK_UNREACHABLE"
    WEBHOOK_TIMEOUT = "WEBHOOK_TIMEOUT"
    WEBHOOK_NOT_SET = "WEBHOOK_NOT_SET"
    PERSON_NOT_FOUND = "PERSON_NOT_FOUND"
    FACE_NOT_FOUND = "FACE_NOT_FOUND"
    ANONYMOUS_NOT_FOUND = "ANONYMOUS_NOT_FOUND"
    CHANGE_NOT_FOUND = "CHANGE_NOT_FOUND"
    CHANGE_UNDONE = "CHANGE_UNDONE"
    CHANGE_OUTDATED = "CHANGE_OUTDATED"
    CHANGE_ERASED = "CHANGE_ERASED"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_NOT_THEIRS = "CONSENT_NOT_THEIRS"
    CONSENT_NOT_YOURS = "CONSENT_NOT_YOURS"
    ERASURE_NOT_FOUND = "ERASURE_NOT_FOUND"
    ERASURE_PENDING = "ERASURE_PENDING"
    PEOPLE_OF_TWO_USERS = "PEOPLE_OF_TWO_USERS"
    FACES_SAME_PICTURE = "FACES_SAME_PICTURE"
    FACE_ERASED = "FACE_ERASED"
    FACE_NONE = "FACE_NONE"
    FACE_SEVERAL = "FACE_SEVERAL"
    FACE_TOO_SMALL = "FACE_TOO_SMALL"
    FACE_BLURRED = "FACE_BLURRED"
    FACE_TURNED = "FACE_TURNED"
    FACE_UNSURE = "FACE_UNSURE"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    VERSION_OUTDATED = "VERSION_OUTDATED"
    EVENT_NOT_DECODABLE = "EVENT_NOT_DECODABLE"
    ATTEMPTS_EXHAUSTED = "ATTEMPTS_EXHAUSTED"
    DEPENDENCY_UNAVAILABLE = "DEPENDENCY_UNAVAILABLE"
    EMBEDDER_UNAVAILABLE = "EMBEDDER_UNAVAILABLE"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    METHOD_UNKNOWN = "METHOD_UNKNOWN"
    INTERNAL = "INTERNAL"


_BAD = Code.INVALID_ARGUMENT
_STATE = Code.FAILED_PRECONDITION

CATALOGUE: dict[Reason, Entry] = {
    Reason.IMAGE_EMPTY: Entry(_BAD, "The image has no bytes."),
    Reason.IMAGE_UNSUPPORTED_FORMAT: Entry(
        _BAD, "The bytes are not an image of an accepted format, whatever their name says."
    ),
    Reason.IMAGE_TRUNCATED: Entry(_BAD, "The image ends early or its data are damaged."),
    Reason.IMAGE_TOO_LARGE: Entry(_BAD, "The image has more bytes than the limit."),
    Reason.IMAGE_TOO_MANY_PIXELS: Entry(_BAD, "The image has more pixels than the limit."),
    Reason.IMAGE_TOO_MANY_FRAMES: Entry(_BAD, "The animation has more frames than the limit."),
    Reason.IMAGE_ZERO_SIZE: Entry(_BAD, "The image is zero pixels wide or high."),
    Reason.IMAGE_DECODER_FAILED: Entry(_BAD, "The image made its decoder fail."),
    Reason.IMAGE_DECODE_TIMEOUT: Entry(_BAD, "Decoding the image took longer than the limit."),
    Reason.DOCUMENT_LOCKED: Entry(_BAD, "The document is locked by a password."),
    Reason.VIDEO_UNSUPPORTED: Entry(_BAD, "Videos are not accepted by this deployment."),
    Reason.VIDEO_UNSUPPORTED_FORMAT: Entry(
        _BAD, "The bytes are not a video in a container and codec that can be read."
    ),
    Reason.VIDEO_NO_FRAMES: Entry(_BAD, "The video has no picture that can be decoded."),
    Reason.VIDEO_TOO_LARGE: Entry(_BAD, "The video has more bytes than the limit."),
    Reason.VIDEO_TOO_LONG: Entry(_BAD, "The video lasts longer than the limit."),
    Reason.VIDEO_TOO_MANY_PIXELS: Entry(_BAD, "The video's pictures are larger than the limit."),
    Reason.VIDEO_DECODER_FAILED: Entry(_BAD, "The video's decoder died on these bytes."),
    Reason.VIDEO_DECODE_TIMEOUT: Entry(_BAD, "Decoding the video took longer than the limit."),
    Reason.TEXT_EMPTY: Entry(_BAD, "The text has no visible character."),
    Reason.TEXT_TOO_LONG: Entry(_BAD, "The text has more characters than the limit."),
    Reason.TEXT_INVALID_CHARACTER: Entry(_BAD, "The text holds a character that is not allowed."),
    Reason.TEXT_NOT_SUPPORTED: Entry(_STATE, "The model is purely visual; it has no words."),
    Reason.VECTOR_NOT_FINITE: Entry(_BAD, "The vector holds NaN or an infinity."),
    Reason.VECTOR_WRONG_DIMENSION: Entry(_BAD, "The vector's length is not its space's."),
    Reason.VECTOR_ZERO_NORM: Entry(
        _BAD, "The vector is zero, or too small to give it a direction."
    ),
    Reason.ID_MALFORMED: Entry(_BAD, "The id is not a canonical lower-case UUID."),
    Reason.ENUM_UNKNOWN: Entry(_BAD, "The enum value is not one this version knows."),
    Reason.FIELD_MISSING: Entry(_BAD, "A required field is not set."),
    Reason.FIELD_INVALID: Entry(_BAD, "A field's value is outside its documented range."),
    Reason.ONEOF_NOT_EXACTLY_ONE: Entry(_BAD, "Exactly one of several fields must be set."),
    Reason.REQUEST_NOT_DECODABLE: Entry(_BAD, "The bytes are not a message of the expected type."),
    Reason.TIME_OUT_OF_RANGE: Entry(
        _BAD, "The time is outside years 1 to 9999, or start is after end."
    ),
    Reason.PAGE_TOKEN_INVALID: Entry(
        _BAD, "The page token was changed, or belongs to another query or owner."
    ),
    Reason.PAGE_TOKEN_EXPIRED: Entry(
        _STATE, "The results that the page token continues are not kept any more; search again."
    ),
    Reason.MULTIPART_INVALID: Entry(
        _BAD, "The multipart body has no file field `image`, or cannot be read."
    ),
    Reason.MESSAGE_TOO_LARGE: Entry(
        Code.RESOURCE_EXHAUSTED, "The message is larger than the limit."
    ),
    Reason.OVERLOADED: Entry(
        Code.RESOURCE_EXHAUSTED, "Too much work is waiting; try again later.", retryable=True
    ),
    Reason.TOKEN_MISSING: Entry(Code.UNAUTHENTICATED, "The call carries no bearer token."),
    Reason.TOKEN_INVALID: Entry(Code.UNAUTHENTICATED, "The token's signature or claims are wrong."),
    Reason.TOKEN_EXPIRED: Entry(Code.UNAUTHENTICATED, "The token has expired."),
    Reason.SCOPE_MISSING: Entry(Code.PERMISSION_DENIED, "The token lacks the scope for this."),
    Reason.ASSET_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such asset for this owner."),
    Reason.FRAME_NOT_FOUND: Entry(Code.NOT_FOUND, "The video has no such frame, or not yet."),
    Reason.DELETION_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such deletion for this owner."),
    Reason.ASSET_ID_REUSED: Entry(
        Code.ALREADY_EXISTS, "The request id was used before with other content."
    ),
    Reason.ASSET_NOT_UPLOADED: Entry(_STATE, "The asset's bytes have not arrived yet."),
    Reason.ASSET_NOT_READY: Entry(_STATE, "The asset has no vector yet."),
    Reason.ASSET_NOT_FAILED: Entry(_STATE, "Only a failed asset can be tried again."),
    Reason.UPLOAD_SIZE_MISMATCH: Entry(_STATE, "The stored bytes are not as many as announced."),
    Reason.UPLOAD_HASH_MISMATCH: Entry(_STATE, "The stored bytes do not have the announced hash."),
    Reason.UPLOAD_EXPIRED: Entry(_STATE, "The upload was never completed and has been given up."),
    Reason.OBJECT_MISSING: Entry(_STATE, "The stored object is not there."),
    Reason.CHECKSUM_MISMATCH: Entry(Code.DATA_LOSS, "The stored bytes changed since the upload."),
    Reason.SPACE_NOT_SERVED: Entry(_STATE, "This embedder does not serve that space."),
    Reason.SPACE_UNKNOWN: Entry(_STATE, "There is no such embedding space."),
    Reason.NO_ACTIVE_SPACE: Entry(_STATE, "No embedding space is active yet."),
    Reason.SPACE_NOT_FOUND: Entry(Code.NOT_FOUND, "Search knows no embedding space of that id."),
    Reason.SPACE_STATE_WRONG: Entry(_STATE, "The space's state does not allow this."),
    Reason.SPACE_NOT_COMPLETE: Entry(
        _STATE, "The space lacks vectors that READY assets should have, or some of them failed."
    ),
    Reason.SPACE_IN_USE: Entry(
        _STATE, "The space serves owners, or is what a rollback goes back to."
    ),
    Reason.BACKFILL_NOT_FOUND: Entry(Code.NOT_FOUND, "The space has no back-fill."),
    Reason.CONSENT_BEHIND: Entry(
        _STATE, "Search has not heard of the owner's last change of consent yet.", retryable=True
    ),
    Reason.INDEX_UNSOUND: Entry(
        _STATE, "The database lacks what searches need, or an index of it is damaged."
    ),
    Reason.INDEX_BUSY: Entry(_STATE, "Another job on this space's index is not done yet."),
    Reason.INDEX_MISSING: Entry(_STATE, "The space has no index; tune it with parameters first."),
    Reason.INDEX_MEMORY_EXCEEDED: Entry(
        _STATE, "Building the index takes more memory than a build may use."
    ),
    Reason.INDEX_PROBE_FAILED: Entry(
        Code.INTERNAL, "The new index did not serve or missed neighbours; the old one stays."
    ),
    Reason.INDEX_JOBS_OFF: Entry(_STATE, "This deployment gives no process the right to build."),
    Reason.MODEL_UNAVAILABLE: Entry(
        Code.UNAVAILABLE, "The model is not loaded or its worker died.", retryable=True
    ),
    Reason.MODEL_OUTPUT_INVALID: Entry(
        Code.INTERNAL, "The model gave a vector that is not finite or has no direction."
    ),
    Reason.ENGINE_OUT_OF_MEMORY: Entry(
        Code.RESOURCE_EXHAUSTED, "The device has not enough memory for this item."
    ),
    Reason.EXTERNAL_AI_REFUSED: Entry(
        _STATE, "The policy of this deployment allows no AI outside of it."
    ),
    Reason.HOSTED_BUDGET_EXHAUSTED: Entry(
        _STATE, "The hosted model's approved budget is spent; a person must approve more."
    ),
    Reason.HOSTED_RATE_LIMITED: Entry(
        Code.UNAVAILABLE, "The hosted model's provider asks to wait.", retryable=True
    ),
    Reason.HOSTED_FAILED: Entry(
        Code.UNAVAILABLE, "The hosted model gave no usable answer.", retryable=True
    ),
    Reason.HOSTED_ITEM_REFUSED: Entry(_BAD, "The hosted model's provider refuses this item."),
    Reason.LABELS_UNSUPPORTED: Entry(
        _STATE, "The model learnt no scale by which labels could be scored."
    ),
    Reason.OBSERVATION_NOT_FOUND: Entry(
        Code.NOT_FOUND, "There is no such observation for this owner."
    ),
    Reason.OBSERVATION_NOT_READY: Entry(_STATE, "The observation was never read yet."),
    Reason.ENTRY_NOT_FOUND: Entry(Code.NOT_FOUND, "The observation has no such entry."),
    Reason.VIDEO_NOT_READ: Entry(_STATE, "Schedules are read from pictures, not from videos."),
    Reason.WEBHOOK_REFUSED: Entry(
        Code.UNAVAILABLE, "The app's webhook answered with an error.", retryable=True
    ),
    Reason.WEBHOOK_UNREACHABLE: Entry(
        Code.UNAVAILABLE, "The app's webhook was not reached.", retryable=True
    ),
    Reason.WEBHOOK_TIMEOUT: Entry(
        Code.UNAVAILABLE, "The app's webhook did not answer in time.", retryable=True
    ),
    Reason.WEBHOOK_NOT_SET: Entry(_STATE, "This deployment has no webhook to tell."),
    Reason.PERSON_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such person for this owner."),
    Reason.FACE_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such face for this owner."),
    Reason.ANONYMOUS_NOT_FOUND: Entry(
        Code.NOT_FOUND, "There is nobody unknown of that id for this owner."
    ),
    Reason.CHANGE_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such change for this owner."),
    Reason.CHANGE_UNDONE: Entry(_STATE, "The change was taken back already."),
    Reason.CHANGE_OUTDATED: Entry(
        _STATE, "The people it touched were changed again; undo the later changes first."
    ),
    Reason.CHANGE_ERASED: Entry(
        _STATE, "Somebody it touched took their consent back; nothing is kept of it."
    ),
    Reason.CONSENT_MISSING: Entry(
        _STATE, "The person has not agreed to be recognised, or not any more."
    ),
    Reason.CONSENT_NOT_THEIRS: Entry(
        _STATE, "The consent that stands was recorded by somebody else than that user."
    ),
    Reason.CONSENT_NOT_YOURS: Entry(
        Code.PERMISSION_DENIED, "This person is a user of the app, and only they can agree."
    ),
    Reason.ERASURE_NOT_FOUND: Entry(Code.NOT_FOUND, "There is no such erasure for this caller."),
    Reason.ERASURE_PENDING: Entry(
        Code.UNAVAILABLE,
        "What was held of the person is still being erased; try again in a moment.",
        retryable=True,
    ),
    Reason.PEOPLE_OF_TWO_USERS: Entry(_STATE, "The two people are not the same user of the app."),
    Reason.FACES_SAME_PICTURE: Entry(_STATE, "Two faces of one picture cannot be the same person."),
    Reason.FACE_ERASED: Entry(
        _STATE, "Somebody in this place of this picture took their consent back."
    ),
    Reason.FACE_NONE: Entry(_BAD, "The picture shows no face that could be found."),
    Reason.FACE_SEVERAL: Entry(_BAD, "The picture shows more than one face."),
    Reason.FACE_TOO_SMALL: Entry(_BAD, "The face has too few pixels to be known again."),
    Reason.FACE_BLURRED: Entry(_BAD, "The face is too blurred to be known again."),
    Reason.FACE_TURNED: Entry(
        _BAD, "The face is turned too far from the camera to be known again."
    ),
    Reason.FACE_UNSURE: Entry(_BAD, "It is not sure enough that this is a face."),
    Reason.REQUEST_ID_REUSED: Entry(
        Code.ALREADY_EXISTS, "The request id was used before for something else."
    ),
    Reason.VERSION_OUTDATED: Entry(
        Code.ABORTED, "It was changed since that version; read it again."
    ),
    Reason.EVENT_NOT_DECODABLE: Entry(_BAD, "The event's payload is not of the expected type."),
    Reason.ATTEMPTS_EXHAUSTED: Entry(
        Code.UNAVAILABLE, "The first delivery and five retries all failed."
    ),
    Reason.DEPENDENCY_UNAVAILABLE: Entry(
        Code.UNAVAILABLE, "A server this call needs does not answer.", retryable=True
    ),
    Reason.EMBEDDER_UNAVAILABLE: Entry(
        Code.UNAVAILABLE,
        "The embedder does not answer; searches by asset still work.",
        retryable=True,
    ),
    Reason.DEADLINE_EXCEEDED: Entry(
        Code.DEADLINE_EXCEEDED, "The call's time ran out.", retryable=True
    ),
    Reason.METHOD_UNKNOWN: Entry(Code.UNIMPLEMENTED, "There is no such method."),
    Reason.INTERNAL: Entry(Code.INTERNAL, "Something broke on our side; the request id is logged."),
}
