// Serve the files of one folder on port 8000, as `python -m http.server` does.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

http
  .createServer((request, response) => {
    const wanted = path.join("/srv/pages", path.normalize(`/${request.url}`));
    const file = wanted.endsWith("/") ? `${wanted}index.html` : wanted;
    fs.readFile(file, (error, page) => {
      response.writeHead(error ? 404 : 200, { "content-type": "text/html" });
      response.end(error ? "no such page\n" : page);
    });
  })
  .listen(8000);
