// The poster on the street: shows what the desk has sold. It asks http://desk:3000 and nothing else.
const { createServer } = require("node:http")

createServer(async (request, answer) => {
  console.log(request.method, request.url)
  try {
    const reply = await fetch("http://desk:3000/sold", { signal: AbortSignal.timeout(1800) })
    answer.writeHead(reply.status).end(`tonight's guests:\n${await reply.text()}`)
  } catch (error) {
    console.log(error.cause?.code ?? error.name)
    answer.writeHead(502).end("no answer from http://desk:3000\n")
  }
}).listen(3000)

process.on("SIGTERM", () => process.exit())
