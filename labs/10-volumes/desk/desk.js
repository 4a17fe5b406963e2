// The museum's guest book: GET / shows it, POST / adds a line at its end.
const fs = require("node:fs")
const book = "/book/entries.txt"

require("node:http").createServer((request, answer) => {
  const say = (status, words) => answer.writeHead(status).end(words)
  if (request.method === "GET") {
    fs.readFile(book, "utf8", (error, text) => say(200, error ? "an empty book\n" : text))
    return
  }
  let line = ""
  request.on("data", (part) => (line += part))
  request.on("end", () =>
    fs.appendFile(book, `${line.trim()}\n`, (error) =>
      error ? say(500, `${error.message}\n`) : say(200, "thank you\n")))
}).listen(3000, () => console.log("the desk is open"))

process.on("SIGTERM", () => process.exit())
