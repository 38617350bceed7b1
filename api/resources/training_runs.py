"""``/v1/training-runs``: start, watch and cancel."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request, url_for

from api.answers import json_response
from api.body import read_optional_body
from api.data import app_data
from api.jobs.queue import RunQueue
from api.problems import CONFLICT, NOT_FOUND, ProblemError
from api.retraining_schemas import ListQuery, TrainingRequest, run_answer
from api.store.runs import Run

__all__ = ["blueprint"]

blueprint: Final = Blueprint("training_runs", __name__, url_prefix="/v1/training-runs")


@blueprint.post("")
def create() -> Response:
    """Queue a run over all stored labels; it is done by the training worker."""
    wanted = TrainingRequest.from_json(read_optional_body(request))
    data = app_data()
    run = data.runs.create(wanted.to_dict())
    RunQueue(data.settings).send(run.id)
    response = json_response(run_answer(run), 202)
    response.headers["Location"] = url_for("training_runs.get", identity=run.id)
    return response


@blueprint.get("")
def list_runs() -> Response:
    """The newest runs first."""
    wanted = ListQuery.from_query(request.query_string)
    found = app_data().runs.latest(wanted.limit)
    return json_response({"training_runs": [run_answer(run) for run in found]})


@blueprint.get("/<identity>")
def get(identity: str) -> Response:
    """A run with its progress, log and outcome."""
    return json_response(run_answer(_found(app_data().runs.get(identity), identity)))


@blueprint.post("/<identity>/cancel")
def cancel(identity: str) -> Response:
    """Ask a run to end; what it made so far is thrown away."""
    run = _found(app_data().runs.cancel(identity), identity)
    if run.state in ("succeeded", "failed"):
        raise ProblemError(CONFLICT, f"The run has ended already: it {run.state}.")
    return json_response(run_answer(run), 202)


def _found(run: Run | None, identity: str) -> Run:
    if run is None:
        raise ProblemError(NOT_FOUND, f"There is no training run {identity[:80]!r}.")
    return run
