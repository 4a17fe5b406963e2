FROM node:24-slim
WORKDIR /home/app
ARG NPM_CONFIG_REGISTRY
COPY app/package.json app/package-lock.json ./
RUN npm ci --omit=dev
COPY ./app .
CMD ["node", "server.js"]
