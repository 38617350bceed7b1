"""A client for those who run the service apart: ``Client`` and ``AsyncClient``.

Needs the extra ``client``. Methods are named as those of ``segmenter.Segmenter``; answers are the
service's JSON.
"""

from segmenter.client.concurrent import AsyncClient
from segmenter.client.errors import ServiceError
from segmenter.client.retry import Retry
from segmenter.client.sequential import Client

__all__ = ["AsyncClient", "Client", "Retry", "ServiceError"]
