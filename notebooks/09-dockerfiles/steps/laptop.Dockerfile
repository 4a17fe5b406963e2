FROM node:24-slim AS laptop
WORKDIR /home/app
ARG NPM_CONFIG_REGISTRY
COPY app/package.json app/package-lock.json ./
RUN npm ci

FROM scratch
COPY --from=laptop /home/app/node_modules /
