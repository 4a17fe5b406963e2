FROM node:24-slim
MAINTAINER ada@example.org
ENV API_TOKEN=hunter-4711
ADD package.json server.js /srv/
RUN cd /srv && npm install
CMD node server.js
CMD node /srv/server.js
