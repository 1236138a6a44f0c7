"""A tuned network as a model: historic code runs it, and the weights that were trained stay in it."""

from dataclasses import replace

import numpy as np

from rate2spike.spiking.tuning.bounds import Bounds
from rate2spike.spiking.tuning.descent import Weights
from rate2spike.trained_model import UNTUNED, TrainedModel


def with_weights(model: TrainedModel, weights: Weights, bounds: Bounds) -> TrainedModel:
    """The model whose spiking network has these weights, at the bounds' scaling factor; its own are kept as `untuned_*`."""
    signs = np.sign(np.diag(model.sign_matrix)).astype(np.float64)
    w_rec = weights.w_from.T * bounds.scaling_factor * np.where(signs == 0, 1, signs)
    w_out = weights.w_out * bounds.scaling_factor
    return replace(
        model,
        # what is rounded to the model's class does not pass its largest weight
        w_rec=np.clip(w_rec, -bounds.most_w, bounds.most_w).astype(model.w_rec.dtype),
        w_out=np.clip(w_out, -bounds.most_w_out, bounds.most_w_out).astype(model.w_out.dtype),
        settings=model.settings | {name: getattr(model, field) for name, field in UNTUNED.items()},
    )
