// The server: options, connections, log lines as MongoDB's (JSON on stdout), and a good end.
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Commands, STAND_IN } from "./commands.js";
import { CommandError } from "./errors.js";
import { makeCredentials } from "./scram.js";
import { Store } from "./store.js";
import { Frames, reply } from "./wire.js";

const OPTIONS = {
  auth: { type: "boolean" },
  noauth: { type: "boolean" },
  bind_ip: { type: "string" },
  bind_ip_all: { type: "boolean" },
  port: { type: "string" },
  dbpath: { type: "string" },
  quiet: { type: "boolean" },
  version: { type: "boolean" },
};

function log(component, id, msg, attr = {}, severity = "I") {
  const line = { t: { $date: new Date().toISOString() }, s: severity, c: component, id, ctx: "stand-in", msg, attr };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(code, words) {
  process.stderr.write(`${words}\n`);
  process.exit(code);
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return fail(2, `${STAND_IN} takes only --${Object.keys(OPTIONS).join(", --")}. ${error.message}`);
  }
}

const options = readOptions();
if (options.version) {
  console.log(`db version v8.0 (${STAND_IN})`);
  process.exit(0);
}
const dbpath = options.dbpath ?? "/data/db";
const port = Number(options.port ?? 27017);
const auth = Boolean(options.auth) && !options.noauth;

function openStore() {
  try {
    mkdirSync(dbpath, { recursive: true });
    return new Store(join(dbpath, "stand-in.sqlite"));
  } catch (error) {
    log("STORAGE", 28595, "Terminating.", { reason: `${dbpath}: ${error.message}` }, "F");
    return fail(100, `${dbpath} can't be used: ${error.message}`);
  }
}

log("CONTROL", 4615611, "MongoDB starting", { pid: process.pid, port, dbPath: dbpath, host: hostname(), standIn: STAND_IN });
const store = openStore();
// As in the official image: a user is made when the data folder is new, and never again.
const { MONGO_INITDB_ROOT_USERNAME: username, MONGO_INITDB_ROOT_PASSWORD: password } = process.env;
if (username && password && !store.hasUsers() && store.databases().length === 0) {
  store.addUser(username, makeCredentials(username, password));
  log("ACCESS", 20436, "Made the root user", { user: username, db: "admin" });
}
delete process.env.MONGO_INITDB_ROOT_PASSWORD;

const open = new Set();
let total = 0;
const settings = { auth, host: hostname(), connections: () => open.size, totalConnections: () => total };
const commands = new Commands(store, settings);

function answerTo(connection, message) {
  try {
    return commands.run(connection, message);
  } catch (error) {
    if (error instanceof CommandError) return error.document;
    log("COMMAND", 0, "A fault of the stand-in", { error: error.stack }, "E");
    return { ok: 0, errmsg: `a fault of ${STAND_IN}: ${error.message}`, code: 8, codeName: "UnknownError" };
  }
}

const server = createServer((socket) => {
  const connection = { id: ++total, log, username: undefined };
  const remote = `${socket.remoteAddress}:${socket.remotePort}`;
  const frames = new Frames();
  open.add(socket);
  if (!options.quiet) log("NETWORK", 22943, "Connection accepted", { remote, connectionId: connection.id, connectionCount: open.size });
  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    try {
      for (const message of frames.push(bytes)) {
        const wasNobody = !connection.username;
        const answer = answerTo(connection, message);
        if (wasNobody && connection.username) log("ACCESS", 5286306, "Successfully authenticated", { user: connection.username, db: "admin", remote });
        if (!message.silent) socket.write(reply(message, answer));
      }
    } catch (error) {
      log("NETWORK", 22988, "Closing a connection that does not speak the protocol", { remote, error: error.message }, "W");
      socket.destroy();
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    open.delete(socket);
    if (!options.quiet) log("NETWORK", 22944, "Connection ended", { remote, connectionId: connection.id, connectionCount: open.size });
  });
});

server.on("error", (error) => {
  log("CONTROL", 20568, "Error setting up listener", { error: error.message }, "E");
  fail(48, `port ${port}: ${error.message}`);
});
server.listen(port, options.bind_ip && !options.bind_ip_all && options.bind_ip !== "*" ? options.bind_ip.split(",")[0] : "::", () => {
  log("NETWORK", 23016, "Waiting for connections", { port, ssl: "off" });
});

function end(signal) {
  log("CONTROL", 23377, "Received signal", { signal });
  server.close();
  for (const socket of open) socket.destroy();
  store.close();
  log("CONTROL", 23138, "Shutting down", { exitCode: 0 });
  process.exit(0);
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
