FROM node:24-slim
WORKDIR /srv
COPY package.json package-lock.json ./
COPY vendor vendor
RUN npm ci --omit=dev
COPY app.js .
CMD ["node", "app.js"]
