FROM node:24-slim
WORKDIR /home/app
COPY . .
CMD ["node", "server.js"]
