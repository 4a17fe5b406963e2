FROM python:3.13-slim
WORKDIR /app
COPY deps.txt prepare.py ./
RUN python prepare.py
COPY app.py .
CMD ["python", "app.py"]
