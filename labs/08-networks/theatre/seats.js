// One question to the Redis that keeps the seats; gives the lines of its answer that are names or numbers.
const { connect } = require("node:net")

const LONGEST_MS = 1500

exports.ask = (host, command) => new Promise((resolve, reject) => {
  let text = ""
  const line = connect({ host, port: 6379 }, () => line.write(`${command}\r\nQUIT\r\n`))
  const late = setTimeout(() => line.destroy(Object.assign(new Error(), { code: "no answer" })), LONGEST_MS)
  line.on("data", (chunk) => { text += chunk })
  line.on("error", (error) => reject(new Error(`${host}: ${error.code}`)))
  line.on("close", () => {
    clearTimeout(late)
    resolve(text.split("\r\n").filter((each) => /^[:\w]/.test(each)))
  })
})
