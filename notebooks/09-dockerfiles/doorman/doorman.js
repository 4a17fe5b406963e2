// Greets with its arguments, and says which signal ends it.
const http = require("node:http");
const greeting = process.argv.slice(2).join(" ") || "hello";
http.createServer((request, response) => response.end(greeting + "\n")).listen(8000);
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    console.log(`heard ${signal}`);
    process.exit(0);
  });
}
console.log("ready");
