FROM python:3.13-slim
WORKDIR /srv
COPY requirements.txt .
COPY wheels wheels
RUN pip install --no-cache-dir --no-index --find-links wheels -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
