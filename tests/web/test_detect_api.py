"""Images over HTTP with the bundled networks behind them: the try-out and the comparison."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from gotcha.analyzing import analyze_uploads
from gotcha.config import parse_config
from pipeline.picture import Image
from simulator.scene import Scene
from storage.account_values import Role
from tests.gotcha.street import Parker, street
from tests.web.conftest import Site


def jpeg(image: Image) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(image[:, :, ::-1]).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return street(length_s=30.0, parkers=(Parker(side="right", from_s=0.0, to_s=30.0),))


@pytest.fixture
def worker(site: Site, tmp_path: Path, redis_url: str) -> Iterator[Site]:
    """The site with a worker on the queue of models, on the same state folder."""
    stop = threading.Event()
    config = parse_config(f"state_dir: {tmp_path}\n", environment={})
    thread = threading.Thread(target=analyze_uploads, args=(config, redis_url, stop))
    thread.start()
    yield site
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_one_image_in_vehicles_plates_and_a_picture_out(worker: Site, scene: Scene) -> None:
    client = worker.client(Role.OPERATOR)
    image = scene.frame(20.0)
    answer = client.post("/detect?wait_s=100", files={"file": ("street.jpg", jpeg(image))})
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    (truth,) = scene.truth().stationary
    assert result["size"] == [image.shape[1], image.shape[0]]
    assert truth.plate in [v["plate"]["text"] for v in result["vehicles"] if v["plate"]]
    steps = result["milliseconds"]
    assert set(steps) == {"decode", "detect", "read_plates", "draw", "all"}
    assert all(value > 0 for value in steps.values())
    picture = client.get(result["annotated"]["url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    drawn = np.asarray(PillowImage.open(io.BytesIO(picture.content)).convert("RGB"))[:, :, ::-1]
    assert drawn.shape == image.shape
    assert np.abs(drawn.astype(int) - image).max() > 100
    assert worker.services.reports.counts().by_state == {}

    # What was seen can be searched for by its look, also on another picture.
    (seen,) = [v["sighting"] for v in result["vehicles"] if v["plate"]]
    later = client.post("/detect?wait_s=100", files={"file": ("later.jpg", jpeg(scene.frame(29.0)))})
    (again,) = [v["sighting"] for v in later.json()["result"]["vehicles"] if v["plate"]]
    alike = client.get("/search", params={"like": seen, "limit": 2}).json()["found"]
    assert [one["id"] for one in alike] == [seen, again]
    assert alike[1]["look_likeness"] > 0.9

    # The same view with the same vehicle, ten seconds later; and the view mirrored.
    both = [("file", ("1.jpg", jpeg(image))), ("file", ("2.jpg", jpeg(scene.frame(29.0))))]
    same = client.post("/compare_background?wait_s=100", files=both).json()["result"]
    assert (same["same_view"], same["same_vehicle"]) == (True, True)
    assert same["ssim"] > 0.5
    assert same["matched_share"] > 0.5
    other = [both[0], ("file", ("2.jpg", jpeg(image[:, ::-1])))]
    mirrored = client.post("/compare_background?wait_s=100", files=other).json()["result"]
    assert mirrored["same_view"] is False
    assert mirrored["ssim"] < same["ssim"]
