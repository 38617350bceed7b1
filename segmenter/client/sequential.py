"""The client for ordinary code."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from segmenter.client.exchange import (
    JSON_HEADERS,
    SEGMENT,
    Answer,
    AnswerOptions,
    one_document_only,
    read_answer,
    request_body,
    unreachable,
)
from segmenter.client.retry import Retry
from segmenter.errors import SegmenterError
from segmenter.extras import extra
from segmenter.types import Document

with extra("client"):
    import httpx

__all__ = ["Client"]


class Client:
    """Calls a segmenter service; may be shared by threads; a context manager.

    Args:
        base_url: where the service listens.
        retry: what to do where it is busy, restarting, or not there.
        timeout: seconds for one request.
        headers: sent with every request, for instance for a proxy's authorisation.
        http: in place of a new ``httpx.Client``; closed with this one.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        retry: Retry | None = None,
        timeout: float = 60.0,
        headers: Mapping[str, str] | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._url = base_url.rstrip("/")
        self._retry = retry or Retry()
        self._http = http or httpx.Client(timeout=timeout, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def segment(self, text: str | bytes, *, id: str | None = None, **options: Any) -> Answer:
        """Segment raw page text; see ``segment_document``."""
        return self.segment_document(Document(text=text, id=id), **options)

    def segment_html(self, html: str | bytes, *, id: str | None = None, **options: Any) -> Answer:
        """Segment an HTML page; see ``segment_document``."""
        return self.segment_document(Document(html=html, id=id), **options)

    def segment_document(self, document: Document, **options: Any) -> Answer:
        """Segment one document.

        Args:
            document: text or HTML, with id and url.
            options: of ``AnswerOptions``: keep, probabilities, page_text, metadata.

        Raises:
            ServiceError: the service refused it, failed, or could not be reached.
            DecodingError: the bytes are not text in the stated character set.
        """
        body = request_body(document, AnswerOptions(**options))
        return read_answer(self._post(SEGMENT, body))

    def segment_documents(
        self, documents: Iterable[Document], *, concurrency: int = 4, **options: Any
    ) -> Iterator[Answer | SegmenterError]:
        """One answer for each document, in order; a bad document gives its error.

        Documents are read as answers are taken, at most ``concurrency`` ahead.

        Raises:
            ServiceError: the service failed or could not be reached.
        """
        with ThreadPoolExecutor(concurrency) as threads:
            waiting: deque[Future[Answer]] = deque()
            try:
                for document in documents:
                    waiting.append(threads.submit(self.segment_document, document, **options))
                    if len(waiting) == concurrency:
                        yield _answer_or_refusal(waiting.popleft())
                while waiting:
                    yield _answer_or_refusal(waiting.popleft())
            finally:
                for future in waiting:
                    future.cancel()

    def is_ready(self) -> bool:
        """Whether the service is there and has its model."""
        try:
            return self._http.get(f"{self._url}/readyz").is_success
        except httpx.TransportError:
            return False

    def _post(self, path: str, body: bytes) -> httpx.Response:
        sent = 0
        while True:
            sent += 1
            answer: httpx.Response | httpx.TransportError
            try:
                answer = self._http.post(self._url + path, content=body, headers=JSON_HEADERS)
                wait = self._retry.wait(sent, answer.status_code, answer.headers)
            except httpx.TransportError as error:
                answer, wait = error, self._retry.wait(sent, None, {})
            if wait is not None:
                time.sleep(wait)
            elif isinstance(answer, httpx.Response):
                return answer
            else:
                raise unreachable(self._url, answer) from answer


def _answer_or_refusal(future: Future[Answer]) -> Answer | SegmenterError:
    try:
        return future.result()
    except SegmenterError as error:
        return one_document_only(error)
