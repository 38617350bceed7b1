"""The client for asynchronous code."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
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

__all__ = ["AsyncClient"]


class AsyncClient:
    """``Client`` with coroutines; an asynchronous context manager.

    Args: those of ``Client``; ``http`` is an ``httpx.AsyncClient``.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        retry: Retry | None = None,
        timeout: float = 60.0,
        headers: Mapping[str, str] | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._url = base_url.rstrip("/")
        self._retry = retry or Retry()
        self._http = http or httpx.AsyncClient(timeout=timeout, headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def segment(self, text: str | bytes, *, id: str | None = None, **options: Any) -> Answer:
        """Segment raw page text; see ``Client.segment_document``."""
        return await self.segment_document(Document(text=text, id=id), **options)

    async def segment_html(
        self, html: str | bytes, *, id: str | None = None, **options: Any
    ) -> Answer:
        """Segment an HTML page; see ``Client.segment_document``."""
        return await self.segment_document(Document(html=html, id=id), **options)

    async def segment_document(self, document: Document, **options: Any) -> Answer:
        """Segment one document; see ``Client.segment_document``."""
        body = request_body(document, AnswerOptions(**options))
        return read_answer(await self._post(SEGMENT, body))

    async def segment_documents(
        self,
        documents: Iterable[Document] | AsyncIterable[Document],
        *,
        concurrency: int = 4,
        **options: Any,
    ) -> AsyncIterator[Answer | SegmenterError]:
        """One answer for each document, in order; see ``Client.segment_documents``."""
        waiting: deque[asyncio.Task[Answer]] = deque()
        try:
            async for document in _each(documents):
                waiting.append(asyncio.create_task(self.segment_document(document, **options)))
                if len(waiting) == concurrency:
                    yield await _answer_or_refusal(waiting.popleft())
            while waiting:
                yield await _answer_or_refusal(waiting.popleft())
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def is_ready(self) -> bool:
        """Whether the service is there and has its model."""
        try:
            return (await self._http.get(f"{self._url}/readyz")).is_success
        except httpx.TransportError:
            return False

    async def _post(self, path: str, body: bytes) -> httpx.Response:
        sent = 0
        while True:
            sent += 1
            answer: httpx.Response | httpx.TransportError
            try:
                answer = await self._http.post(self._url + path, content=body, headers=JSON_HEADERS)
                wait = self._retry.wait(sent, answer.status_code, answer.headers)
            except httpx.TransportError as error:
                answer, wait = error, self._retry.wait(sent, None, {})
            if wait is not None:
                await asyncio.sleep(wait)
            elif isinstance(answer, httpx.Response):
                return answer
            else:
                raise unreachable(self._url, answer) from answer


async def _each(documents: Iterable[Document] | AsyncIterable[Document]) -> AsyncIterator[Document]:
    if isinstance(documents, AsyncIterable):
        async for document in documents:
            yield document
        return
    for document in documents:
        yield document


async def _answer_or_refusal(task: asyncio.Task[Answer]) -> Answer | SegmenterError:
    try:
        return await task
    except SegmenterError as error:
        return one_document_only(error)
