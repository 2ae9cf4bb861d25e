"""Notifications over a real HTTP server and a real SMTP server: each once, until it arrives."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from traceback import format_exception

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, event

from jobs.notifier import AGAIN_S, Happened, Notifier, silent_cameras
from jobs.notify_channels import Letter, Mail, Webhook, signature
from pipeline.errors import NotificationError
from pipeline.report import CameraCondition, CameraEvent, ReportState
from storage.notification_table import NotificationRow
from storage.notifications import Channel, SqlNotifications
from storage.report_store import SqlReportStore
from storage.retention import SqlRetention
from tests.databases import database_url
from tests.reports import NOON, final, hex_id, rejected
from tests.web.served import statuses

# On both, where the tests of this folder run on SQLite alone.
__all__ = ["database_url"]

KEY = "a key that only two know"
ONLY_WEBHOOK = (Channel.WEBHOOK,)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Receiver(ThreadingHTTPServer):
    """Takes what is posted, after refusing as often as it is told to."""

    def __init__(self) -> None:
        self.refuse = 0
        self.taken: list[tuple[dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if server.refuse:
                    server.refuse -= 1
                    self.send_response(503)
                else:
                    server.taken.append((dict(self.headers), data))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notifier(engine: Engine, store: SqlReportStore, clock: Clock) -> Notifier:
    return Notifier(SqlNotifications(engine), store, clock)


@pytest.fixture
def senders(receiver: Receiver) -> dict[Channel, Webhook]:
    return {Channel.WEBHOOK: Webhook(url=receiver.url, key=KEY)}


def test_a_final_report_is_told_once_however_often_it_is_looked_for(
    store: SqlReportStore, notifier: Notifier, receiver: Receiver, senders: dict[Channel, Webhook]
) -> None:
    store.apply(final("before"), at=NOON, by="test")
    # What was there before notifications were on is not told.
    assert list(notifier.finals(plates=False, address=None)) == []
    store.apply(final("a", revision=2), at=NOON, by="test")
    store.apply(final("before", revision=3, departed_at=NOON + timedelta(hours=1)), at=NOON, by="test")
    store.apply(rejected("r"), at=NOON, by="test")
    for _ in range(3):
        notifier.note(notifier.finals(plates=False, address="https://g.example"), senders)
        notifier.deliver(senders)
        store.apply(final("a", revision=3 + _, last_seen_at=NOON + timedelta(hours=1 + _)), at=NOON, by="x")
    ((headers, data),) = receiver.taken
    body = json.loads(data)
    assert (body["event"], body["report"]) == ("report.final", hex_id("a"))
    assert body["url"] == f"https://g.example/reports/{hex_id('a')}"
    assert "12가3456" not in data.decode()
    assert "plate" not in body
    sent = headers["X-Gotcha-Timestamp"], data
    assert headers["X-Gotcha-Signature"] == f"sha256={signature(KEY, *sent)}"
    assert signature("another key", *sent) not in headers["X-Gotcha-Signature"]


def test_a_plate_is_told_only_where_that_is_switched_on(store: SqlReportStore, notifier: Notifier) -> None:
    list(notifier.finals(plates=True, address=None))
    store.apply(final("a"), at=NOON, by="test")
    (told,) = notifier.finals(plates=True, address=None)
    assert told.body["plate"] == "12가3456"


def test_it_comes_again_later_each_time_and_is_given_up_in_the_end(
    engine: Engine, notifier: Notifier, clock: Clock, receiver: Receiver, senders: dict[Channel, Webhook]
) -> None:
    event = Happened(name="x", report_id=None, body={"event": "x", "text": "something"})
    receiver.refuse = 2
    assert notifier.note([event], ONLY_WEBHOOK) == 1
    assert notifier.deliver(senders) == 0
    assert SqlNotifications(engine).waiting() == (1, "the webhook answered 503, not 2xx")
    # Not before its time.
    assert notifier.deliver(senders) == 0
    assert receiver.refuse == 1
    clock.at += timedelta(seconds=AGAIN_S[0])
    assert notifier.deliver(senders) == 0
    clock.at += timedelta(seconds=AGAIN_S[1] - 1)
    assert notifier.deliver(senders) == 0
    clock.at += timedelta(seconds=1)
    assert notifier.deliver(senders) == 1
    assert len(receiver.taken) == 1
    assert SqlNotifications(engine).waiting() == (0, "")

    receiver.refuse = 100
    notifier.note([replace(event, name="y")], ONLY_WEBHOOK)
    for wait_s in (0.0, *AGAIN_S, 10 * AGAIN_S[-1]):
        clock.at += timedelta(seconds=wait_s)
        notifier.deliver(senders)
    assert 100 - receiver.refuse == 1 + len(AGAIN_S)
    assert SqlNotifications(engine).waiting()[0] == 0


def test_two_that_run_at_once_tell_it_once(
    engine: Engine, clock: Clock, receiver: Receiver, senders: dict[Channel, Webhook]
) -> None:
    events = [Happened(name=str(n), report_id=None, body={"event": "x", "text": str(n)}) for n in range(8)]

    def run() -> None:
        notifier = Notifier(SqlNotifications(engine), SqlReportStore(engine), clock)
        notifier.note(events, ONLY_WEBHOOK)
        notifier.deliver(senders)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(json.loads(data)["text"] for _, data in receiver.taken) == [str(n) for n in range(8)]


def test_a_report_is_told_over_every_channel_or_looked_for_again(
    engine: Engine, store: SqlReportStore, notifier: Notifier
) -> None:
    list(notifier.finals(plates=False, address=None))
    store.apply(final("a"), at=NOON, by="test")

    def killed(_mapper: object, _connection: object, row: NotificationRow) -> None:
        if row.channel == Channel.EMAIL:
            raise KeyboardInterrupt

    event.listen(NotificationRow, "before_insert", killed)
    try:
        with pytest.raises(KeyboardInterrupt):
            notifier.note(notifier.finals(plates=False, address=None), (Channel.WEBHOOK, Channel.EMAIL))
    finally:
        event.remove(NotificationRow, "before_insert", killed)
    assert notifier.note(notifier.finals(plates=False, address=None), (Channel.WEBHOOK, Channel.EMAIL)) == 2
    assert SqlNotifications(engine).waiting() == (2, "")


def test_a_message_that_its_sender_was_killed_over_comes_again(
    engine: Engine, notifier: Notifier, clock: Clock
) -> None:
    notifier.note([Happened(name="x", report_id=None, body={"event": "x", "text": "x"})], ONLY_WEBHOOK)
    notifications = SqlNotifications(engine)
    assert notifications.take(clock.at) is not None
    assert notifications.take(clock.at) is None
    again = notifications.take(clock.at + timedelta(minutes=3))
    assert again is not None
    assert again.attempts == 2


def test_what_names_a_report_goes_with_it(engine: Engine, store: SqlReportStore, notifier: Notifier) -> None:
    list(notifier.finals(plates=True, address=None))
    store.apply(final("a"), at=NOON, by="test")
    notifier.note(notifier.finals(plates=True, address=None), ONLY_WEBHOOK)
    retention = SqlRetention(engine)
    (due,) = retention.due({ReportState.FINAL: NOON + timedelta(days=1)})
    assert retention.expire(due, at=NOON, by="test", why="")
    assert SqlNotifications(engine).waiting() == (0, "")


def test_cameras_whose_view_needs_a_person(store: SqlReportStore, notifier: Notifier) -> None:
    """Also one that was turned while nobody could be told for a week, and none that is well again."""
    for number, (camera, condition, minutes) in enumerate(
        (
            ("gate", CameraCondition.MOVED, 7 * 24 * 60),
            ("yard", CameraCondition.BLOCKED, 90),
            ("yard", CameraCondition.OK, 4),
            ("dock", CameraCondition.MOVED, 9),
            ("dock", CameraCondition.DARK, 3),
            ("lane", CameraCondition.BLURRED, 2),
            ("gone", CameraCondition.MOVED, 1),
        )
    ):
        at = NOON - timedelta(minutes=minutes)
        event = CameraEvent(id=hex_id(number), camera=camera, condition=condition, at=at, text="x")
        store.apply_camera_event(event)
    told = [one.body for one in notifier.changed_views(("gate", "yard", "dock", "lane", "new"))]
    assert [(body["camera"], body["event"]) for body in told] == [
        ("gate", "camera.moved"),
        ("dock", "camera.dark"),
    ]


def test_cameras_that_send_nothing() -> None:
    now = datetime.now(UTC)
    live, unreachable = statuses()
    stalled = replace(live, heard_at=now - timedelta(minutes=2))
    (told,) = silent_cameras({"gate": live, "yard": unreachable}, now)
    assert (told.body["event"], told.body["camera"]) == ("camera.unreachable", "yard")
    first, second = (next(silent_cameras({"gate": stalled}, now + timedelta(minutes=n))) for n in (0, 9))
    assert (first.name, first.body["event"]) == (second.name, "camera.stalled")
    other = replace(stalled, heard_at=now - timedelta(minutes=1))
    assert next(silent_cameras({"gate": other}, now)).name != first.name
    asleep = replace(stalled, late_after_s=150.0)
    assert not list(silent_cameras({"gate": asleep}, now))
    assert list(silent_cameras({"gate": asleep}, now + timedelta(minutes=1)))


def test_a_webhook_that_is_away_is_no_crash() -> None:
    too_long = f"http://{'a' * 70}.example/"
    for url in ("http://127.0.0.1:1/", "http://[nonsense/", "http://nowhere.invalid/", too_long):
        with pytest.raises(NotificationError, match="cannot be reached"):
            Webhook(url=url, key=KEY).send("1" * 32, {"event": "x", "text": "x"}, NOON)
    assert KEY not in repr(Webhook(url="http://a/", key=KEY))


# E-mail.


class Mailbox:
    """What an SMTP server was given."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def admitted(_server: object, _session: object, _envelope: object, _how: object, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"gotcha", b"s3cret")
    return AuthResult(success=right, handled=False)


class _MailServer(Controller):
    def _trigger_server(self) -> None:
        # It was asked for any port, and now has one.
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(certificate: Path, box: Mailbox) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = _MailServer(
        box,
        hostname="127.0.0.1",
        port=0,
        tls_context=context,
        authenticator=admitted,
        auth_required=True,
        require_starttls=True,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def mail(port: int, **changes: object) -> Mail:
    values: dict[str, object] = {
        "host": "localhost",
        "port": port,
        "security": "starttls",
        "user": "gotcha",
        "password": "s3cret",
        "sender": "gotcha@site.example",
        "recipients": ("a@b.example", "c@d.example"),
        "letter": lambda body: Letter(subject=f"Gotcha: {body['text']}", text=body["text"]),
    }
    return Mail(**(values | changes))  # type: ignore[arg-type]


def test_an_e_mail_goes_encrypted_and_logged_in(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    box = Mailbox()
    with mail_server(certificate, box) as port:
        mail(port).send("1" * 32, {"event": "test", "text": "카메라 gate\r\nis moved"}, NOON)
        for wrong, why in (
            ({"password": "guess"}, "GOTCHA_SMTP_PASSWORD"),
            ({"password": "guéss"}, "ASCII"),
            ({"security": "none"}, "take"),
            ({"host": "a..b"}, "take"),
        ):
            with pytest.raises(NotificationError, match=why) as refused:
                mail(port, **wrong).send("2" * 32, {"event": "test", "text": "x"}, NOON)
            said = "".join(format_exception(refused.value))
            assert not any(secret in said for secret in ("s3cret", "guess", "guéss", "xe9"))
        more = mail(port, recipients=("nobody@b.example", "c@d.example"))
        more.send("3" * 32, {"event": "test", "text": "x"}, NOON)
    assert "refuses 1 of 2 addresses" in caplog.text
    assert "nobody@" not in caplog.text
    envelope, other = box.taken
    assert envelope.rcpt_tos == ["a@b.example", "c@d.example"]
    assert other.rcpt_tos == ["c@d.example"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert message["Subject"] == "Gotcha: 카메라 gate is moved"
    assert "카메라" in message.get_content()
    assert message["Message-ID"].startswith("<1111")


def test_a_server_that_proves_nothing_is_told_nothing(certificate: Path) -> None:
    box = Mailbox()
    with mail_server(certificate, box) as port, pytest.raises(NotificationError, match="no safe connection"):
        mail(port).send("1" * 32, {"event": "test", "text": "x"}, NOON)
    assert box.taken == []
    with pytest.raises(NotificationError, match="did not take it"):
        mail(1).send("1" * 32, {"event": "test", "text": "x"}, NOON)
