FROM node:24-slim
WORKDIR /home/app
COPY ./app .
CMD ["node", "server.js"]
