"""The HTTP service in front of the library.

Importing this package does not import numpy: the runner sets the number of BLAS threads first.
"""

from __future__ import annotations

from flask import Flask

from api.settings import Settings

__all__ = ["create_app"]


def create_app(config: Settings | None = None, *, load_model: bool = True) -> Flask:
    """Build the service.

    Args:
        config: the settings; ``None`` reads them from the environment variables SEGMENTER_*.
        load_model: load the model at once. Without it the service answers 503 until
            ``api.model.model_slot(app).load()`` is called.

    Raises:
        SettingsError: an environment variable or setting has a value that is not accepted.
        ModelError: the model can't be loaded.
    """
    from api import body, data, model, outages, problems
    from api.access import browsers, guard
    from api.contract import paths
    from api.observe import metrics as counts
    from api.observe import requests
    from api.pages import executor

    settings = Settings.from_environment() if config is None else config

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # A path is right or it is a 404: no redirects, which clients follow without their body.
    app.url_map.merge_slashes = False
    paths.register(app)

    kept = data.register(app, settings)
    slot = model.register(app, settings, kept.registry)
    counts.register(app)
    requests.register(app)
    browsers.register(app, settings)
    guard.register(app, settings)
    problems.register(app)
    outages.register(app)
    body.register(app, settings.max_unpacked_bytes)
    executor.register(app, executor.InProcess(slot))
    _add_resources(app, settings)
    if load_model:
        slot.load()
    return app


def _add_resources(app: Flask, settings: Settings) -> None:
    from api.contract import views as contract
    from api.resources import batch, health, labels, metrics, models, segment, training_runs
    from api.workbench import explanations, views

    app.register_blueprint(health.blueprint)
    app.register_blueprint(segment.blueprint)
    batch.register(app, settings)
    app.register_blueprint(labels.blueprint)
    app.register_blueprint(training_runs.blueprint)
    app.register_blueprint(models.blueprint)
    app.register_blueprint(metrics.blueprint)
    contract.register(app, keys=settings.api_keys is not None)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(explanations.blueprint)
