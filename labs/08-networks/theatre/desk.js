// The box office. POST /sell/NAME with the header X-Key writes NAME down; GET /sold lists who has a seat.
// SEATS_HOST says where Redis is. The key is in KEY, or in the file that KEY_FILE names.
const { readFileSync } = require("node:fs")
const { createServer } = require("node:http")
const { ask } = require("./seats.js")

const { SEATS_HOST = "localhost", KEY = "", KEY_FILE } = process.env
const key = KEY_FILE ? readFileSync(KEY_FILE, "utf8").trim() : KEY

createServer(async (request, answer) => {
  console.log(request.method, request.url)
  const name = /^\/sell\/([\w-]{1,40})$/.exec(request.url)?.[1]
  try {
    if (request.method === "POST" && name) {
      if (!key || request.headers["x-key"] !== key) return answer.writeHead(403).end("wrong key\n")
      await ask(SEATS_HOST, `RPUSH sold ${name}`)
      return answer.end(`sold to ${name}\n`)
    }
    if (request.url !== "/sold") return answer.writeHead(404).end("there is /sold, and /sell/NAME\n")
    answer.end((await ask(SEATS_HOST, "LRANGE sold 0 -1")).join("\n") + "\n")
  } catch (error) {
    answer.writeHead(503).end(`no answer from ${error.message}\n`)
  }
}).listen(3000, () => console.log(`the desk is open; the seats are at ${SEATS_HOST}`))

process.on("SIGTERM", () => process.exit())
