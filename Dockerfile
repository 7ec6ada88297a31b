# Built in one stage and run in another: no installer cache and no build tools in what is shipped.
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/idts
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml alembic.ini ./
COPY app app
COPY migrations migrations
COPY seed seed
# Editable, so that migrations and seed data are found beside the code, as in a checkout.
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .
RUN .venv/bin/python -m compileall -q app

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/idts --create-home --shell /usr/sbin/nologin idts
WORKDIR /srv/idts
COPY --from=build /srv/idts /srv/idts
ENV PATH=/srv/idts/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    IDTS_DATA_DIR=/var/lib/idts
USER 10001
VOLUME /var/lib/idts
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('IDTS_PORT', '8000')}/health/ping\", timeout=2)"]
CMD ["idts", "serve", "--host", "0.0.0.0"]
