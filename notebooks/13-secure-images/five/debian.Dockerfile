FROM debian:trixie-slim
COPY --from=busybox:1.37 /bin/busybox /bin/busybox
COPY pages /srv/pages
CMD ["busybox", "httpd", "-f", "-p", "8000", "-h", "/srv/pages"]
