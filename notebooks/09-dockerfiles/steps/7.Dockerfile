FROM node:24-slim AS packages
WORKDIR /home/app
ARG NPM_CONFIG_REGISTRY
COPY app/package.json app/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev

FROM packages AS test
COPY ./app .
RUN node --test

FROM node:24-slim
WORKDIR /home/app
COPY --from=packages /home/app/node_modules node_modules
COPY app/package.json app/server.js ./
COPY app/lib lib
COPY app/public public
USER node
EXPOSE 3000
CMD ["node", "server.js"]
