FROM node:24-slim
COPY . /home/app
CMD ["node", "server.js"]
