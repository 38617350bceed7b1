"""``/v1/training-runs``: start, watch and cancel."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, Response, request, url_for

from api.body import read_optional_body
from api.contract.faults import Faults
from api.contract.operations import Answer, Content, Operation, describe
from api.contract.parsing import json_object
from api.contract.repeats import RepeatHeaders, once
from api.contract.retraining import RunAnswer, RunsAnswer
from api.contract.tags import TagHeaders, model_response, tagged_response
from api.data import Data, app_data
from api.jobs.queue import RunQueue
from api.observe.record import current_record
from api.problems import CONFLICT, INVALID, KEY_REUSED, NOT_FOUND, NOT_JSON, ProblemError
from api.retraining_schemas import ListQuery, TrainingRequest
from api.store.runs import Run

__all__ = ["blueprint"]

_log: Final = logging.getLogger(__name__)

blueprint: Final = Blueprint("training_runs", __name__, url_prefix="/v1/training-runs")

_TAG: Final = "Training runs"
_JSON: Final = "application/json"
_IDENTITY: Final = {"identity": ("Of the run.", "5b2c6a0e-1f6d-4a57-9a51-0b6d1d1f6c11")}
_RUN: Final = Content(_JSON, RunAnswer)


@blueprint.post("")
@describe(
    Operation(
        tag=_TAG,
        bodies=(Content(_JSON, TrainingRequest, example={"promote": "gate"}),),
        body_required=False,
        headers=(RepeatHeaders,),
        answers=(Answer(202, "The run is queued.", (_RUN,), ("Location", "Idempotency-Replayed")),),
        problems=(NOT_JSON, INVALID, KEY_REUSED),
    )
)
def create() -> Response:
    """Queue a training run.

    It is over all stored labels, and done by the training worker.
    """
    body = read_optional_body(request)
    wanted = TrainingRequest.checked(json_object(body) if body.strip() else {})
    data = app_data()

    def created() -> Response:
        run = data.runs.create(wanted.model_dump())
        response = model_response(RunAnswer.of(run), 202)
        response.headers["Location"] = url_for("training_runs.get", identity=run.id)
        return response

    response = once(request, body, created)
    # After the run is committed; for a repeated request too, which does no harm.
    _hand_over(data, response.headers["Location"].rpartition("/")[2])
    return response


@blueprint.get("")
@describe(
    Operation(
        tag=_TAG,
        query=ListQuery,
        headers=(TagHeaders,),
        answers=(Answer(200, "Runs.", (Content(_JSON, RunsAnswer),), ("ETag",)),),
        problems=(INVALID,),
    )
)
def list_runs() -> Response:
    """List training runs, the newest first."""
    wanted = ListQuery.from_query(request.query_string)
    data = app_data()
    _check_after(wanted, data)
    found = data.runs.latest(wanted.limit + 1, wanted.after)
    runs = [RunAnswer.of(run) for run in found[: wanted.limit]]
    more = runs[-1].id if len(found) > len(runs) else None
    return tagged_response(RunsAnswer(training_runs=runs, next=more))


@blueprint.get("/<identity>")
@describe(
    Operation(
        tag=_TAG,
        path=_IDENTITY,
        headers=(TagHeaders,),
        answers=(Answer(200, "The run.", (_RUN,), ("ETag",)),),
        problems=(NOT_FOUND,),
    )
)
def get(identity: str) -> Response:
    """Show a training run.

    With its progress, log and outcome.
    """
    return tagged_response(RunAnswer.of(_found(app_data().runs.get(identity), identity)))


@blueprint.post("/<identity>/cancel")
@describe(
    Operation(
        tag=_TAG,
        path=_IDENTITY,
        answers=(Answer(202, "It ends, or ended so before.", (_RUN,)),),
        problems=(NOT_FOUND, CONFLICT),
    )
)
def cancel(identity: str) -> Response:
    """Cancel a training run.

    What it made so far is thrown away.
    """
    run = _found(app_data().runs.cancel(identity), identity)
    if run.state in ("succeeded", "failed"):
        raise ProblemError(CONFLICT, f"The run has ended already: it {run.state}.")
    return model_response(RunAnswer.of(run), 202)


def _found(run: Run | None, identity: str) -> Run:
    if run is None:
        raise ProblemError(NOT_FOUND, f"There is no training run {identity[:80]!r}.")
    return run


def _check_after(wanted: ListQuery, data: Data) -> None:
    if wanted.after is not None and data.runs.get(wanted.after) is None:
        faults = Faults("query")
        faults.add("after", "no training run has this id; accepted is 'next' of an answer before")
        raise faults.problem()


def _hand_over(data: Data, identity: str) -> None:
    record = current_record()
    try:
        RunQueue(data.settings).send(identity, None if record is None else record.context)
    except Exception as error:
        # Each kind of queue has errors of its own. The run is stored, and the worker looks there.
        _log.warning("the queue does not answer", exc_info=error)
