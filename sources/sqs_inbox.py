"""A queue of SQS, or of anything that speaks its protocol, as an inbox: at least once, in any order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from pipeline.errors import ConfigError, SourceError, SourceOpenError

_CONNECT_S, _READ_S, _ATTEMPTS = 5, 30, 3
_MOST_AT_ONCE = 10
# Longer, and Ctrl-C would not end it soon.
_WAIT_S = 3
_MISSING = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "InvalidAddress"}
_LONGEST_REASON = 250
# What is in no text of a message (SQS, "SendMessage"); keys of files may have it, and nothing would be sent.
_UNSENDABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A message that is ours for a while.

    Attributes:
        handle: names this delivery of it.
        body: its text.
        deliveries: how often it was delivered, this time included.
    """

    handle: str
    body: str
    deliveries: int


class SqsInbox:
    """Threads may share it. Who we are comes from the environment.

    Args:
        queue_url: the queue.
        dead_letter_url: where unusable messages go; None takes the one of the queue's redrive policy.
        endpoint: address of another server than AWS.
        region: the queue's; None leaves it to the environment.
        visibility_s: seconds for which a message is ours unless extended.

    Raises:
        ConfigError: there is no dead-letter queue.
        SourceError: the queue is not there, or does not let us.
    """

    def __init__(
        self,
        queue_url: str,
        *,
        dead_letter_url: str | None,
        endpoint: str | None,
        region: str | None,
        visibility_s: int,
    ) -> None:
        self._url = queue_url
        self._visibility_s = visibility_s
        with self._translated():
            # No stubs of this service are installed.
            self._client: Any = boto3.session.Session().client(
                "sqs",
                endpoint_url=endpoint,
                region_name=region,
                config=ClientConfig(
                    connect_timeout=_CONNECT_S,
                    read_timeout=_READ_S,
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                ),
            )
            self._dead_url = dead_letter_url or self._own_dead_letters()

    @property
    def visibility_s(self) -> int:
        """Seconds for which a message is ours unless extended."""
        return self._visibility_s

    def receive(self) -> tuple[InboxMessage, ...]:
        """The next messages, up to ten; waits up to 3 s for the first.

        Raises:
            SourceError: the queue does not answer or does not let us.
        """
        with self._translated():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_MOST_AT_ONCE,
                WaitTimeSeconds=_WAIT_S,
                VisibilityTimeout=self._visibility_s,
                AttributeNames=["ApproximateReceiveCount"],
            )
        return tuple(
            InboxMessage(
                handle=one["ReceiptHandle"],
                body=one["Body"],
                deliveries=int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            )
            for one in answer.get("Messages", ())
        )

    def extend(self, message: InboxMessage, seconds: int | None = None) -> None:
        """Keep a message from others for so many seconds more; 0 gives it back at once.

        Raises:
            SourceError: as for `receive`.
        """
        with self._translated():
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=message.handle,
                VisibilityTimeout=self._visibility_s if seconds is None else seconds,
            )

    def delete(self, message: InboxMessage) -> None:
        """It is done.

        Raises:
            SourceError: as for `receive`; it will be delivered again.
        """
        with self._translated():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.handle)

    def bury(self, message: InboxMessage, reason: str) -> None:
        """Move a message that can never be used to the dead-letter queue, with the reason beside it.

        Raises:
            SourceError: as for `receive`; the message stays.
        """
        said = _UNSENDABLE.sub("\ufffd", reason)[:_LONGEST_REASON] or "unknown"
        with self._translated():
            self._client.send_message(
                QueueUrl=self._dead_url,
                MessageBody=message.body,
                MessageAttributes={"reason": {"DataType": "String", "StringValue": said}},
            )
        self.delete(message)

    def _own_dead_letters(self) -> str:
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}"))
        arn = str(policy.get("deadLetterTargetArn", ""))
        if not arn:
            raise ConfigError(
                f"the queue {self._url} has no dead-letter queue for messages that cannot be used: give it a "
                "redrive policy, or set ingest.dead_letter_url"
            )
        return str(self._client.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError):
            raise SourceError(
                f"the queue {self._url} cannot be read: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "
                "the environment"
            ) from None
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _MISSING:
                raise SourceError(
                    f"there is no queue {self._url}; make it, or correct ingest.queue_url"
                ) from None
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            kind = SourceOpenError if status >= 500 else SourceError
            raise kind(f"the queue {self._url} does not let us ({code})") from None
        except BotoCoreError as error:
            raise SourceOpenError(f"the queue {self._url} does not answer ({error})") from None
