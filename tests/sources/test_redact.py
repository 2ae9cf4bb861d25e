import pytest

from sources.redact import Address, redact


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:geheim@10.0.0.5:554/h264",
        "rtsp://admin:geh@eim@10.0.0.5/h264",
        "rtsp://admin:geh/eim@10.0.0.5/h264",
        "[Errno 1] no: 'rtsp://admin:geheim@10.0.0.5/x' and http://u:geheim@b/",
        "http://10.0.0.5/snap.cgi?user=admin&pwd=geheim&size=1",
        "http://10.0.0.5/snap.cgi?usr=geheim;password=geheim",
        "http://10.0.0.5/cgi-bin/CGIProxy.fcgi?cmd=snapPicture2&loginpas=geheim",
        "postgresql://host/db?sslmode=require&sslpassword=geheim",
        "http://10.0.0.5/snap?access_token=geheim&client_secret=geheim&auth=geheim",
    ],
)
def test_no_password_is_left(text: str) -> None:
    clean = redact(text)
    assert "geheim" not in clean
    assert "eim" not in clean


def test_what_is_no_secret_stays() -> None:
    assert redact("rtsp://10.0.0.5:554/stream1 is away") == "rtsp://10.0.0.5:554/stream1 is away"
    assert redact("http://a/b?size=2&pwd=x&c=1") == "http://a/b?size=2&pwd=***&c=1"


def test_an_address_is_taken_apart_and_put_together_again() -> None:
    address = Address.parsed("rtsp://ad%20min:p%40ss%2F1@host:554/s?x=1")
    assert (address.url, address.username, address.password) == ("rtsp://host:554/s?x=1", "ad min", "p@ss/1")
    assert address.with_credentials() == "rtsp://ad%20min:p%40ss%2F1@host:554/s?x=1"
    assert "p@ss" not in repr(address)
    assert Address.parsed("rtsp://host/s").with_credentials() == "rtsp://host/s"
    assert Address.parsed("rtsp://a:b@host/s", "c", "d").with_credentials() == "rtsp://c:d@host/s"
