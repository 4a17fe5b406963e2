FROM busybox:1.37
COPY pages /srv/pages
CMD ["busybox", "httpd", "-f", "-p", "8000", "-h", "/srv/pages"]
