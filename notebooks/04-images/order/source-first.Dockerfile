FROM python:3.13-slim
WORKDIR /app
COPY app.py .
COPY deps.txt prepare.py ./
RUN python prepare.py
CMD ["python", "app.py"]
