"""A recognition network of EasyOCR's own kind that knows a few letters by heart.

With it EasyOCR itself can be run where its weights cannot be had.

Each letter fills a cell of 36 x 64 pixels; the network compares every window of that size with the cells it
knows and calls the nearest one, or the blank when none is near.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.picture import Image
from vision.lettering import text_width, write

LETTERS = "0123456789ABCDEFGH"
NAME = "glyphs"
CELL_WIDTH = 36
CELL_HEIGHT = 64
_LETTER_HEIGHT = 44

# What EasyOCR imports: the network's code lies beside its settings.
_MODEL = """
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, num_class, cell_width, cell_height):
        super().__init__()
        self.compare = nn.Conv2d(1, num_class - 1, (cell_height, cell_width))
        self.near = nn.Parameter(torch.ones(1))
        self.register_buffer("ones", torch.ones(1, 1, cell_height, cell_width))

    def forward(self, image, text):
        # Squared distance of each window to each cell: |p|^2 - 2 p.c + |c|^2; the last term is in the bias.
        energy = nn.functional.conv2d(image * image, self.ones)
        distance = energy + self.compare(image)
        logits = (self.near - distance) / (0.1 * self.near)
        blank = torch.zeros_like(logits[:, :1])
        return torch.cat([blank, logits], dim=1)[:, :, 0].permute(0, 2, 1)
"""


def write_network(folder: Path) -> None:
    """Write code, settings and weights of the network into `folder`."""
    import torch

    cells = np.stack([_normalized(_cell(letter)) for letter in LETTERS])
    flat = cells.reshape(len(LETTERS), -1)
    distances = ((flat[:, None] - flat[None]) ** 2).sum(axis=2)
    nearest = float(distances[~np.eye(len(LETTERS), dtype=bool)].min())
    state = {
        "module.compare.weight": torch.from_numpy(-2 * cells[:, None]),
        "module.compare.bias": torch.from_numpy((flat**2).sum(axis=1)),
        "module.near": torch.tensor([nearest / 2]),
        "module.ones": torch.ones(1, 1, CELL_HEIGHT, CELL_WIDTH),
    }
    torch.save(state, folder / f"{NAME}.pth")
    (folder / f"{NAME}.py").write_text(_MODEL, encoding="utf-8")
    (folder / f"{NAME}.yaml").write_text(
        f"imgH: {CELL_HEIGHT}\n"
        "lang_list: ['en']\n"
        f"character_list: '{LETTERS}'\n"
        f"network_params: {{cell_width: {CELL_WIDTH}, cell_height: {CELL_HEIGHT}}}\n",
        encoding="utf-8",
    )


def letter_plate(text: str) -> Image:
    """A plate of such letters with the margin that readers expect: 64 pixels high between 5 % paddings."""
    row = np.concatenate([_cell(letter) for letter in text], axis=1)
    margin = round(row.shape[1] / 1.1 * 0.05)
    padded = cv2.copyMakeBorder(row, 3, 3, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(padded, dtype=np.uint8)


def _cell(letter: str) -> Image:
    cell = np.full((CELL_HEIGHT, CELL_WIDTH, 3), 240, dtype=np.uint8)
    left = (CELL_WIDTH - text_width(letter, _LETTER_HEIGHT)) // 2
    write(cell, letter, left, 6, height_px=_LETTER_HEIGHT, color=(20, 20, 20))
    return cell


def _normalized(cell: Image) -> npt.NDArray[np.float32]:
    gray = cv2.cvtColor(cell, cv2.COLOR_BGR2GRAY)
    return np.asarray(gray.astype(np.float32) / 127.5 - 1.0)
