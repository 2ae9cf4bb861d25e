"""The one error tree. Edges translate foreign exceptions into these, with a sentence that says what to do."""

from enum import StrEnum


class GotchaError(Exception):
    """Base of every error Gotcha raises on purpose; its text is fit for a user's eyes."""


class InvalidValueError(GotchaError, ValueError):
    """A value object was given something outside its bounds; says expected and actual."""


class ConfigError(GotchaError):
    """The configuration cannot be used; names the key and the line."""


class ConfigChangedError(ConfigError):
    """The configuration file was changed by somebody else meanwhile."""


class ModelError(GotchaError):
    """A model's weights are missing, unreadable or of another shape than expected."""


class SourceFault(StrEnum):
    """What is wrong with a camera, for those who tell people in their language."""

    LOGIN = "login"  # it refuses the user or the password
    NOT_FOUND = "not_found"  # it knows no such picture or stream
    NO_NAME = "no_name"  # no machine has this name
    NO_ROUTE = "no_route"  # no way leads to its network
    NO_ANSWER = "no_answer"  # nothing answers there
    NOT_A_PICTURE = "not_a_picture"  # what it sends is none
    SILENT = "silent"  # it sends nothing in time


class SourceError(GotchaError):
    """A picture source failed.

    Args:
        text: one sentence.
        fault: the kind of reason, where it is known.
    """

    def __init__(self, text: str = "", *, fault: SourceFault | None = None) -> None:
        super().__init__(text)
        self.fault = fault


class SourceOpenError(SourceError):
    """A source could not be opened now, but may later (network, busy camera)."""


class SourceStalledError(SourceError):
    """An open source stopped delivering pictures for longer than its limit."""


class SourcePermanentError(SourceError):
    """A source refuses for a reason that waiting does not cure (401, 404, no such file)."""


class PictureError(SourceError):
    """A single picture is damaged or absurd (truncated JPEG, 1x1, wrong size)."""


class UploadRefusedError(GotchaError):
    """A file that was handed in is not what it says, or is damaged beyond use; nothing of it is kept."""


class UploadTooLargeError(UploadRefusedError):
    """A file that was handed in is over a limit of bytes, pixels or seconds; names the limit."""


class EvidenceError(GotchaError):
    """Evidence could not be written or read (full disk, missing rights, altered file)."""


class EvidenceUnavailableError(EvidenceError):
    """The folder or bucket takes or gives nothing now (away, full, its rights); trying again later helps."""


class EvidenceMissingError(EvidenceError):
    """Nothing is stored under the key."""


class EvidenceAlteredError(EvidenceError):
    """What is stored under the key is not what was put there."""


class StorageError(GotchaError):
    """The database refused or is unreachable."""


class StorageUnavailableError(StorageError):
    """The database cannot be reached or is busy now; the same call may succeed later."""


class IllegalTransitionError(StorageError):
    """A report may not go from the state it has to the state it was given; names both."""


class QueueError(GotchaError):
    """The queue is unreachable or refused a job."""


class JobNotFoundError(QueueError):
    """No queue has this job; it is done, or was deleted."""


class JobBusyError(QueueError):
    """This cannot be done with a job in its present place."""


class PayloadError(QueueError):
    """A queued payload is of an unknown version or malformed."""


class WebError(GotchaError):
    """The dashboard cannot be served; says what to do."""


class UploadError(GotchaError):
    """An uploaded file could not be kept or read again (full disk, missing rights, gone)."""


class UploadUnavailableError(UploadError):
    """The bucket of uploads does not answer now; trying again later helps."""


class NotificationError(GotchaError):
    """A message to people was not taken by where it went."""


class LoginError(GotchaError):
    """Somebody is not who they say they are."""


class TooManyLoginsError(LoginError):
    """Too many passwords were wrong.

    Args:
        sentence: for people.
        wait_s: whole seconds until the next try is taken.
    """

    def __init__(self, sentence: str, *, wait_s: int) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s
