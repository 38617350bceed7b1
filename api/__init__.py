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
    from api import body, data, model, problems
    from api.resources import health, labels, models, segment, training_runs

    settings = Settings.from_environment() if config is None else config

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # A path is right or it is a 404: no redirects, which clients follow without their body.
    app.url_map.merge_slashes = False

    kept = data.register(app, settings)
    slot = model.register(app, settings, kept.registry)
    problems.register(app)
    body.register(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(segment.blueprint)
    app.register_blueprint(labels.blueprint)
    app.register_blueprint(training_runs.blueprint)
    app.register_blueprint(models.blueprint)
    if load_model:
        slot.load()
    return app
