FROM python:3.13-slim
WORKDIR /srv
COPY . .
RUN pip install --no-cache-dir --no-index --find-links wheels -r requirements.txt
CMD ["python", "app.py"]
