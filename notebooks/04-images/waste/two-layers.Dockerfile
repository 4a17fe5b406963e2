FROM busybox:1.37
RUN head -c 50000000 /dev/urandom > /download
RUN sha256sum /download > /result && rm /download
