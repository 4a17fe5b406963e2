// The whole program as a process: its log, and how it ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("../server.js", import.meta.url));

function start(env) {
  const child = spawn(process.execPath, [SERVER], { env: { PATH: process.env.PATH, ...env } });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (log += part));
  const says = async (words) => {
    while (!words.test(log)) {
      if (child.exitCode !== null) assert.fail(`ended with ${child.exitCode}: ${log}`);
      await Promise.race([
        once(child.stdout, "data"),
        once(child.stderr, "data"),
        once(child, "close"),
      ]);
    }
    return log.match(words);
  };
  return { child, says, log: () => log };
}

test(
  "without a database it starts, says so, and ends with 0 on SIGTERM",
  { timeout: 20_000 },
  async (t) => {
    const url = "mongodb://admin:secret@127.0.0.1:1/";
    const { child, says, log } = start({ PORT: "0", MONGO_URL: url, APP_VERSION: "9.9.9" });
    t.after(() => child.kill("SIGKILL"));
    const [, port] = await says(/profile 9\.9\.9 listens on port (\d+)/);
    await says(/database at 127\.0\.0\.1:1: it does not answer \(ECONNREFUSED\)/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    child.kill("SIGTERM");
    const [code] = await once(child, "close");
    assert.equal(code, 0);
    assert.match(log(), /SIGTERM.*\nended\n/);
    assert.ok(!log().includes("secret"));
  },
);

test("settings that can't be meant end it with 1 and one line", { timeout: 20_000 }, async () => {
  const { child, log } = start({ MONGO_URL: "http://admin:secret@mongodb" });
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.equal(log(), "profile: MONGO_URL must begin with mongodb:// or mongodb+srv://\n");
});
