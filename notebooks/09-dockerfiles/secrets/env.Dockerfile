FROM busybox:1.37
ENV TOKEN=hunter-4711
RUN echo "fetched with a token of ${#TOKEN} letters" > /app.txt
