FROM node:24-slim
COPY serve.js /srv/
COPY pages /srv/pages
CMD ["node", "/srv/serve.js"]
