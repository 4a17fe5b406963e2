FROM python:3.13-slim
WORKDIR /srv
RUN --mount=type=bind,target=/srv \
    pip install --quiet --no-cache-dir --no-index --find-links wheels -r requirements.txt
