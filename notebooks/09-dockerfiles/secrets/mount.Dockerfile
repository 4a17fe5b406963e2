FROM busybox:1.37
RUN --mount=type=secret,id=token \
    TOKEN=$(cat /run/secrets/token); echo "fetched with a token of ${#TOKEN} letters" > /app.txt
