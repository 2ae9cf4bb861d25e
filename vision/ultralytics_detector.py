"""Any Ultralytics checkpoint as a detector, on a GPU where there is one (extra `ultralytics`)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np

from pipeline.detection import Detection
from pipeline.errors import ModelError
from pipeline.geometry import Box, Size
from pipeline.picture import Image
from vision.class_names import meanings
from vision.yolo_detector import DetectorOptions
from vision.yolo_head import NMS_IOU, Candidates, suppressed

_MAX_OBJECTS = 300


class UltralyticsDetector:
    """Finds vehicles and people with an Ultralytics network. Safe in several threads, which take turns.

    Args:
        weights: a checkpoint (`.pt`) or anything else Ultralytics loads. A name it knows, such as
            `yolo26n.pt`, it fetches once where there is no such file; it fetches nothing else.
        options: how to look; the close pass is not made here.
        device: as Ultralytics names it: `cpu`, `cuda:0`, or None for its own choice.

    Raises:
        ModelError: the extra is not installed, or the weights are missing, damaged or know no vehicles.
    """

    runtime = "ultralytics"

    def __init__(
        self, weights: Path, options: DetectorOptions | None = None, *, device: str | None = None
    ) -> None:
        # Read when the library is imported: it must neither install packages nor call home. Its offline mode
        # does not keep it from fetching a checkpoint by name (ultralytics.utils.downloads.safe_download).
        os.environ["YOLO_AUTOINSTALL"] = "false"
        os.environ["YOLO_OFFLINE"] = "1"
        os.environ.setdefault("YOLO_VERBOSE", "false")
        try:
            # Imported here because it brings torch, which the default install does without.
            import torch
            from ultralytics import YOLO
        except (ImportError, RuntimeError) as error:
            raise ModelError(
                "Ultralytics cannot be imported: install the extra `ultralytics` or choose `onnx`."
            ) from error
        self._options = options or DetectorOptions()
        self._device = device
        if device == "cpu" or not torch.cuda.is_available():
            # As in the other runtimes: many cameras at once, and two threads on one picture scale badly.
            torch.set_num_threads(1)
        try:
            self._model = YOLO(str(weights), task="detect")
            names = {int(number): str(name) for number, name in self._model.names.items()}
        # Unpickling damaged weights raises whatever their bytes happen to mean: no list would be complete.
        except Exception as error:
            if not Path(weights).is_file():
                raise ModelError(f"Model weights are missing: there is no file {weights}.") from error
            raise ModelError(
                f"Model weights are damaged or no Ultralytics checkpoint: {weights} cannot be loaded."
            ) from error
        # The library keeps the picture it works on in the model.
        self._lock = threading.Lock()
        self._meanings = meanings(names, Path(weights))

    def detect(self, image: Image) -> tuple[Detection, ...]:
        options = self._options
        with self._lock:
            (result,) = self._model.predict(
                np.ascontiguousarray(image),
                imgsz=options.long_side,
                conf=options.min_score,
                iou=NMS_IOU,
                agnostic_nms=True,
                max_det=_MAX_OBJECTS,
                device=self._device,
                verbose=False,
            )
        found = result.boxes
        # End-to-end heads skip Ultralytics' own suppression; twins must go here too.
        candidates = suppressed(
            Candidates(
                boxes=found.xyxy.cpu().numpy().astype(np.float32),
                scores=found.conf.cpu().numpy().astype(np.float32),
                classes=found.cls.cpu().numpy().astype(np.int64),
            )
        )
        return self._detections(candidates, Size(width=image.shape[1], height=image.shape[0]))

    def _detections(self, found: Candidates, size: Size) -> tuple[Detection, ...]:
        limit = np.array([size.width, size.height] * 2, dtype=np.float32)
        boxes = np.clip(found.boxes, 0.0, limit)
        return tuple(
            Detection(
                box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
                score=min(1.0, float(score)),
                label=self._meanings[int(number)],
            )
            for (x1, y1, x2, y2), score, number in zip(
                boxes.tolist(), found.scores, found.classes, strict=True
            )
            if int(number) in self._meanings and x1 < x2 and y1 < y2
        )
