FROM busybox:1.37
COPY token /token
RUN TOKEN=$(cat /token); echo "fetched with a token of ${#TOKEN} letters" > /app.txt
RUN rm /token
