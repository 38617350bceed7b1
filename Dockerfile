# The service and its training worker in one image: the command says which.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /srv/segmenter
COPY requirements.lock pyproject.toml deploy/service_lock.py ./
RUN python service_lock.py > service.lock
RUN python -m venv /opt/venv
RUN /opt/venv/bin/python -m pip install --no-deps --require-hashes --requirement service.lock
RUN rm requirements.lock pyproject.toml service_lock.py
COPY segmenter segmenter
COPY models/default models/default
COPY seeds seeds
COPY api api
RUN /opt/venv/bin/python -m compileall -q segmenter api

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 segmenter \
    && useradd --uid 10001 --gid segmenter --no-create-home --shell /usr/sbin/nologin segmenter \
    && install --directory --owner segmenter --group segmenter --mode 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/segmenter /srv/segmenter
WORKDIR /srv/segmenter
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    SEGMENTER_HOST=0.0.0.0 \
    SEGMENTER_PORT=8000 \
    SEGMENTER_DATA=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "api"]
