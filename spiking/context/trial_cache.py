"""Finished trials on disk, for recordings that are slow to read. Optional: trials follow from the seed without it."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.trials import ContextTrial

# everything that decides what a trial is
_KEYS = ("seed", "dataset", "seq_len", "task_type", "split_by", "resample_each_epoch", "legacy")


@dataclass(frozen=True)
class TrialCache:
    """One folder per set of settings, seed and recordings."""

    folder: Path

    @classmethod
    def of(cls, config: ContextConfig, fingerprint: str) -> "TrialCache":
        """<data_path>/cache/<dataset>/<L>_<task>_seed_<seed>_<digest of all that matters>; fingerprint: of the recordings."""
        deciding = {name: getattr(config, name) for name in _KEYS} | {"frames": asdict(config.frame_settings)}
        deciding["recordings"] = fingerprint
        digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
        name = f"{config.seq_len}_{config.task_type}_seed_{config.seed}_{digest[:12]}"
        return cls(Path(config.data_path) / "cache" / config.dataset / name)

    def get(self, split: str, index: int, epoch: int, make: Callable[[], ContextTrial]) -> ContextTrial:
        """The trial as it was saved, or made and saved; one that cannot be read is made again."""
        path = self.folder / split / f"{index}_{epoch}.npz"
        try:
            return _loaded(path.read_bytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            trial = make()
            make_folder(path.parent)
            write_atomically(path, _saved(trial))
            return trial


def _saved(trial: ContextTrial) -> bytes:
    buffer = io.BytesIO()
    widths = np.array([trial.frames.shape[1], trial.context.shape[1]])
    frames, context = (np.packbits(values.astype(bool), axis=1) for values in (trial.frames, trial.context))
    np.savez(
        buffer,
        frames=frames,
        context=context,
        widths=widths,
        targets=trial.targets,
        block_index=trial.block_index,
        named=trial.named,
    )
    return buffer.getvalue()


def _loaded(content: bytes) -> ContextTrial:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        frames, context = (
            np.unpackbits(file[name], axis=1, count=int(width)).astype(np.float32)
            for name, width in zip(("frames", "context"), file["widths"], strict=True)
        )
        return ContextTrial(frames, context, file["targets"], file["block_index"], int(file["named"]))
