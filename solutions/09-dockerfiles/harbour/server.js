// The harbour's server: tides, the notice of the day, and the chart that was prepared for it.
const fs = require("node:fs");
const http = require("node:http");
const tides = require("tides");

const chart = fs.readFileSync("chart.json", "utf8");
const notice = fs.readFileSync("notice.txt", "utf8");

const answers = {
  "/tide": (query) => tides(query.get("ship") ?? "nobody"),
  "/notice": () => notice,
  "/chart": () => chart,
};

http
  .createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://harbour");
    const answer = answers[pathname];
    response.statusCode = answer ? 200 : 404;
    response.end(answer ? answer(searchParams) : "nothing here\n");
  })
  .listen(3000);

// Its author ends it with Ctrl-C, and that is SIGINT.
process.on("SIGINT", () => {
  console.log("all ships are moored");
  process.exit(0);
});
