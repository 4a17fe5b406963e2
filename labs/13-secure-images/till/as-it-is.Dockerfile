FROM python:3.13-slim
WORKDIR /srv/till
COPY . .
RUN python stamp.py key.txt && rm key.txt
RUN rm -r photos
CMD python till.py
