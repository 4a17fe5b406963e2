FROM node:24-slim
LABEL org.opencontainers.image.authors="ada@example.org"
WORKDIR /srv
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY server.js .
USER node
CMD ["node", "server.js"]
