// Says who may go in. It is an old program: the host name `ledger` stands in it, and nobody dares to change it.
const { createServer } = require("node:http")
const { ask } = require("./seats.js")

createServer(async (request, answer) => {
  console.log(request.method, request.url)
  try {
    answer.end(`may go in:\n${(await ask("ledger", "LRANGE sold 0 -1")).join("\n")}\n`)
  } catch (error) {
    answer.writeHead(503).end(`no answer from ${error.message}\n`)
  }
}).listen(3000)

process.on("SIGTERM", () => process.exit())
