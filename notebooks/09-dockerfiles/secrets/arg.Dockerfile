FROM busybox:1.37
ARG TOKEN
RUN echo "fetched with a token of ${#TOKEN} letters" > /app.txt
