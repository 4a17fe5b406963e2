FROM python:3.13-slim
COPY pages /srv/pages
CMD ["python", "-m", "http.server", "8000", "--directory", "/srv/pages"]
