FROM busybox:1.37 AS parts
# The program, and the libraries that it is linked with, if it has any.
RUN mkdir -p /parts/bin && cp /bin/busybox /parts/bin/ && for each in lib lib64; do \
    if [ -e /$each ]; then cp -a /$each /parts/; fi; done

FROM scratch
COPY --from=parts /parts /
COPY pages /srv/pages
CMD ["/bin/busybox", "httpd", "-f", "-p", "8000", "-h", "/srv/pages"]
