// Reads one record 40 times over one client, which keeps its connections, and 40 times with a new client each.
const { MongoClient } = require("mongodb")

const { MONGO_URL } = process.env
const read = (client) => client.db("user-account").collection("users").findOne({ userid: 1 })

async function time(way, work) {
  const start = performance.now()
  await work()
  console.log(`${way},${(performance.now() - start).toFixed(3)}`)
}

async function main() {
  console.log("way,ms")
  const shared = new MongoClient(MONGO_URL)
  await read(shared) // the pool's first connection is not counted
  for (let turn = 0; turn < 40; turn++) {
    await time("from the pool", () => read(shared))
    const own = new MongoClient(MONGO_URL)
    await time("a new connection", () => read(own))
    await own.close()
  }
  await shared.close()
}

main()
