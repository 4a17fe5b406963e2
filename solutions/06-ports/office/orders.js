// Answers for one order: /orders/17. HOST and PORT say where it listens.
const { HOST = "127.0.0.1", PORT = "3000" } = process.env

require("node:http").createServer((request, answer) => {
  console.log(request.method, request.url)
  answer.end(`order ${request.url.split("/").pop()} is packed\n`)
}).listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${PORT}`))

process.on("SIGTERM", () => process.exit())
