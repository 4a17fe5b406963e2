FROM busybox:1.37
ARG TOKEN
RUN echo "fetched for $(echo "$TOKEN" | wc -c) letters" > /parcel.txt
COPY key.pem /srv/key.pem
RUN sha256sum /srv/key.pem > /srv/signed.txt && rm /srv/key.pem
