FROM busybox:1.37
RUN --mount=type=secret,id=token \
    echo "fetched for $(wc -c < /run/secrets/token) letters" > /parcel.txt
RUN --mount=type=secret,id=key,target=/srv/key.pem \
    sha256sum /srv/key.pem > /srv/signed.txt
