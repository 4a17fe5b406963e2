FROM python:3.13-slim
COPY wheels /wheels
RUN pip install --quiet --root-user-action ignore --no-index --find-links /wheels stamps
WORKDIR /app
COPY desk.py hours.txt ./
CMD ["python", "desk.py", "stamps"]
